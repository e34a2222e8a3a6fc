"""Practice codes here, beside published companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from assistant.charts.parts import NARROW, disc
from assistant.charts.svg import BOLD, Drawing, num, wrap
from assistant.display import printable
from assistant.models import (
    CompanyBenchmark,
    Framework,
    PracticeRating,
    PracticeResult,
)
from assistant.theme import Scheme


def _mark(d: Drawing, x: float, y: float, status: str, *, strong: bool) -> None:
    """Sign of a code: disc present, cross absent, hollow square unknown."""
    if status == "present":
        d.add(
            f'<circle cx="{num(x)}" cy="{num(y)}" r="{6.5 if strong else 5}" style="{d.paint(fill="--accent" if strong else "--muted")}"/>'
        )
    elif status == "absent":
        colour = d.paint(stroke="--page-ink" if strong else "--muted")
        d.add(
            f'<path d="M{num(x - 4.5)} {num(y - 4.5)}l9 9m0 -9l-9 9" stroke-width="{1.9 if strong else 1.3}" style="fill:none;{colour}"/>'
        )
    else:
        d.text(x, y + 4, "?", size=12, anchor="middle", fill="--muted")


@dataclass
class _Columns:
    """Where the marks of the practice matrix are: ours first, then the companies."""

    left: float
    step: float

    def x(self, index: int) -> float:
        return self.left + (index + 0.5) * self.step + (6 if index else 0)


def _stage_cell(d: Drawing, x: float, y: float, low: int | None, high: int | None) -> None:
    """A stage as a disc, a range as two numbers, nothing as a dash."""
    if low is None or high is None:
        d.text(x, y + 4, "–", size=12, anchor="middle", fill="--muted")
    elif low == high and low <= d.stages:
        disc(d, x, y, low)
    else:
        d.text(x, y + 4, str(low) if low == high else f"{low}–{high}", size=11.5, anchor="middle", weight=700)


def _agreement(ratings: Sequence[PracticeRating], company: CompanyBenchmark) -> tuple[int, int]:
    known = [r for r in ratings if r.status != "unknown" and r.code in company.practices]
    return sum((r.status == "present") == company.practices[r.code] for r in known), len(known)


def _practice_rows(
    d: Drawing,
    cols: _Columns,
    framework: Framework,
    ratings: Mapping[str, PracticeRating],
    companies: Sequence[CompanyBenchmark],
    links: Mapping[str, str],
    y: float,
) -> float:
    beside = d.width >= NARROW
    for dimension in framework.dimensions:
        practices = [p for p in framework.practices if p.dimension == dimension.id]
        if not practices:
            continue
        d.text(0, y + 16, wrap(dimension.name, d.width / BOLD, 12.5, lines=1)[0], size=12.5, weight=700)
        y += 24
        for p in practices:
            rating = ratings[p.code]
            label = wrap(p.description, (cols.left - 50) if beside else d.width - 44, 12)
            h = max(22.0, len(label) * 14.5 + 6)
            href = links.get(p.code)
            d.open_link(href, f"{p.code} {p.description}: {rating.status}{' (evidence in conflict)' if rating.conflict else ''}")
            d.text(0, y + 15, wrap(p.code, 40, 11.5, lines=1)[0], size=11.5, weight=600, fill="--muted")
            d.lines(42, y + 15, label, size=12)
            middle = y + h / 2 if beside else y + h + 9
            _mark(d, cols.x(0), middle, rating.status, strong=True)
            if rating.conflict:
                d.rect(cols.x(0) - 10, middle - 9, 20, 18, fill="none", stroke="--conflict", extra=' stroke-width="2"')
            d.close_link(href)
            for i, c in enumerate(companies, 1):
                known = c.practices.get(p.code)
                _mark(d, cols.x(i), middle, "unknown" if known is None else "present" if known else "absent", strong=False)
            y += h + (0 if beside else 22)
            d.line(0, y, d.width, y, width=0.6)
        y += 6
    return y


def _practice_foot(
    d: Drawing, cols: _Columns, result: PracticeResult, companies: Sequence[CompanyBenchmark], consistent: Mapping[str, int], y: float
) -> float:
    """Stages below the columns: what the codes are consistent with, what the source states, how many codes are as here."""
    beside = d.width >= NARROW
    rows = ["Codes are consistent with stage", "Stage the source states", "Codes as here, of those known here"]
    for i, label in enumerate(rows if companies else rows[:1]):
        lines = wrap(label, cols.left - 8 if beside else d.width, 12)
        d.lines(0, y + 15, lines, size=12, weight=600)
        y += 0 if beside else len(lines) * 15 + 4
        middle = y + 11
        if i == 0:
            _stage_cell(d, cols.x(0), middle, result.low, result.high)
        for n, c in enumerate(companies, 1):
            if i == 2:
                same, known = _agreement(result.ratings, c)
                d.text(cols.x(n), middle + 4, f"{same}/{known}" if known else "–", size=10.5, anchor="middle", fill="--muted")
            else:
                stage = consistent.get(c.company) if i == 0 else c.actual_stage
                _stage_cell(d, cols.x(n), middle, stage, stage)
        y += 28
    return y


def practice_matrix(
    framework: Framework,
    result: PracticeResult,
    companies: Sequence[CompanyBenchmark] = (),
    *,
    consistent: Mapping[str, int] | None = None,
    links: Mapping[str, str] | None = None,
    width: float = 900,
    uid: str = "practices",
    scheme: Scheme | None = None,
) -> str:
    """Practice codes here and at published companies. ``consistent``: company -> stage by the code rule; ``links``: code -> its place."""
    d = Drawing(width, uid, len(framework.stages))
    columns = len(companies) + 1
    # Marks want no more room than this; the rest belongs to the descriptions.
    left = max(200.0, width - 8 - columns * 56) if width >= NARROW else 0.0
    cols = _Columns(left, (width - left - 8) / columns)
    d.rect(cols.x(0) - cols.step / 2, 0, cols.step, 22, fill="--surface")
    d.text(cols.x(0), 15, "Here", size=12, anchor="middle", weight=700)
    for i, c in enumerate(companies, 1):
        d.add(f"<g><title>{escape(printable(f'Company {c.company}: {c.domain}'))}</title>")
        d.text(cols.x(i), 15, wrap(c.company, cols.step, 12, lines=1)[0], size=12, anchor="middle", weight=600, fill="--muted")
        d.add("</g>")
    ratings = {r.code: r for r in result.ratings}
    y = _practice_rows(d, cols, framework, ratings, companies, links or {}, 28)
    y = _practice_foot(d, cols, result, companies, consistent or {}, y)
    for i, (status, said) in enumerate((("present", "present"), ("absent", "absent"), ("unknown", "unknown"))):
        _mark(d, 8 + i * 80, y + 10, status, strong=True)
        d.text(20 + i * 80, y + 14, said, size=11, fill="--muted")
    words = "; ".join(f"{r.code} {r.status}" for r in result.ratings)
    beside = f" Beside companies {', '.join(c.company for c in companies)}." if companies else ""
    return d.render(y + 24, title="Practice codes", description=f"{result.explanation}. {words}.{beside}", scheme=scheme)
