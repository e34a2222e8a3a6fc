"""Heat map: the framework's table with the result in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.charts.parts import NARROW, Grid, column_heads, group_line
from assistant.charts.svg import BOLD, Drawing, num, text_width, wrap
from assistant.display import count
from assistant.models import (
    Assessment,
    Dimension,
    Element,
    ElementRating,
    EvidenceState,
    Framework,
    RatingStatus,
    Statement,
    Status,
)
from assistant.scoring import place
from assistant.theme import Scheme


@dataclass
class _Tally:
    """Evidence of one element by statement."""

    used: dict[str, int] = field(default_factory=dict)
    """Statement id -> evidence that counts."""
    open: dict[str, int] = field(default_factory=dict)
    """Statement id -> proposals of current practice that nobody has confirmed."""
    unplaced: int = 0
    """Evidence that counts and fits several statements."""


def _tally(element: Element, rating: ElementRating, assessment: Assessment) -> _Tally:
    tally = _Tally()
    used = set(rating.evidence)
    for e in assessment.evidence:
        if e.element != element.id or e.status is not Status.CURRENT:
            continue
        fitting = place(element, e).statements
        if e.id in used:
            # Evidence that fits several statements supports the one that stands, if that is among them.
            shown = [f.id for f in fitting if len(fitting) == 1 or f.id == rating.statement]
            if shown:
                tally.used[shown[0]] = tally.used.get(shown[0], 0) + 1
            else:
                tally.unplaced += 1
        elif e.state in (EvidenceState.PROPOSED, EvidenceState.UNSURE) and len(fitting) == 1:
            tally.open[fitting[0].id] = tally.open.get(fitting[0].id, 0) + 1
    return tally


def _row_title(framework: Framework, element: Element, rating: ElementRating) -> str:
    if rating.stage is not None:
        where = f"{framework.stage_name(rating.stage)}, {count(len(rating.evidence), 'quote')}"
    elif rating.status is RatingStatus.UNPLACED:
        low, high = framework.stage_name(rating.low), framework.stage_name(rating.high)
        where = f"a practice, not yet a stage (between {low} and {high}), {count(len(rating.evidence), 'quote')}"
    else:
        where = str(rating.status)
    conflict = (
        "" if rating.conflict is None else ", conflict settled by a reviewer" if rating.conflict.settled else ", evidence in conflict"
    )
    return f"{element.name}: {where}{conflict}"


def _in_range(s: Statement, rating: ElementRating) -> bool:
    """Whether a cell lies under the outline of an unplaced element, which has its own text."""
    return rating.status is RatingStatus.UNPLACED and s.stage_low <= rating.high and rating.low <= s.stage_high


def _run_cell(d: Drawing, grid: Grid, s: Statement, rating: ElementRating, tally: _Tally, y: float, h: float, hatch: str) -> None:
    """One statement of a row: its run of stages as one cell."""
    x, w = grid.span(s.stage_low, s.stage_high)
    stands = rating.stage is not None and rating.statement == s.id
    if stands:
        d.rect(x, y, w, h, fill=f"--stage-{rating.stage}")
    elif rating.status is RatingStatus.UNKNOWN:
        d.rect(x, y, w, h, fill=hatch)
    else:
        d.rect(x, y, w, h, fill="--na" if rating.status is RatingStatus.NOT_APPLICABLE else "--surface")
    middle, base = x + w / 2, y + h / 2 + 4.2
    number = tally.used.get(s.id, 0)
    if number:
        absent = " said absent" if rating.rule == "element.absent" and w > 96 else ""
        d.text(
            middle,
            base,
            f"{number}{absent}",
            size=12.5,
            anchor="middle",
            weight=700,
            fill=f"--stage-{rating.stage}-ink" if stands else "--page-ink",
        )
    elif tally.open.get(s.id, 0) and not _in_range(s, rating):
        d.text(
            middle, base, f"({tally.open[s.id]})", size=11.5, anchor="middle", fill="--muted", halo=rating.status is RatingStatus.UNKNOWN
        )
    if rating.conflict is not None and s.id in rating.conflict.statements:
        dash = ' stroke-dasharray="2 2"' if rating.conflict.settled else ""
        d.rect(x + 1, y + 1, w - 2, h - 2, extra=f' stroke-width="2"{dash}', fill="none", stroke="--conflict")


def _row(d: Drawing, grid: Grid, element: Element, rating: ElementRating, tally: _Tally, y: float, h: float, hatch: str) -> None:
    for s in element.statements:
        _run_cell(d, grid, s, rating, tally, y, h, hatch)
    x, w = grid.span(1, element.statements[-1].stage_high)
    middle, base = x + w / 2, y + h / 2 + 4.2
    if rating.status is RatingStatus.UNPLACED:
        low, wide = grid.span(rating.low, rating.high)
        d.rect(low + 1, y + 1, wide - 2, h - 2, extra=' stroke-width="1.6" stroke-dasharray="5 3"', fill="none", stroke="--unplaced-ink")
        waiting = sum(tally.open.get(s.id, 0) for s in element.statements if _in_range(s, rating))
        said = f"{tally.unplaced} unplaced" if wide > 90 else str(tally.unplaced)
        d.text(low + wide / 2, base, f"{said} ({waiting})" if waiting else said, size=11.5, anchor="middle")
    elif rating.status is RatingStatus.UNKNOWN and not tally.open:
        d.text(middle, base, "unknown", size=11.5, anchor="middle", fill="--unknown-ink", halo=True)
    elif rating.status is RatingStatus.NOT_APPLICABLE:
        d.text(middle, base, "not applicable", size=11.5, anchor="middle", fill="--na-ink")


def _dimension_block(
    d: Drawing,
    grid: Grid,
    framework: Framework,
    dimension: Dimension,
    assessment: Assessment,
    links: Mapping[str, str],
    y: float,
    hatch: str,
) -> float:
    """A dimension's head and rows from ``y`` down; gives the y below."""
    group = next(g for g in assessment.dimensions if g.scope == dimension.id)
    beside = d.width >= NARROW
    room = grid.left - 14 if beside else d.width - 4
    head = wrap(dimension.name, room / BOLD, 13)
    d.lines(0, y + 19, head, size=13, weight=700)
    if not beside:
        y += len(head) * 15.6 + 4
    group_line(d, grid, group, y + 15)
    y += max(28.0, len(head) * 15.6 + 10 if beside else 0)
    for element in dimension.elements:
        rating = assessment.rating(element.id)
        label = wrap(element.name, room - (12 if beside else 0), 12.5)
        h = max(26.0, len(label) * 15 + 8) if beside else 24.0
        href = links.get(element.id)
        d.open_link(href, _row_title(framework, element, rating))
        d.lines(12 if beside else 0, y + h / 2 + 4.4 - (len(label) - 1) * 7.5 if beside else y + 13, label, size=12.5)
        if not beside:
            y += len(label) * 15 + 3
        _row(d, grid, element, rating, _tally(element, rating, assessment), y, h, hatch)
        d.close_link(href)
        y += h + (3 if beside else 8)
    return y + 6


def _heat_legend(d: Drawing, y: float, hatch: str) -> float:
    """What the signs mean; gives the y below."""
    entries = [
        ("stands", "3", "stands here, on 3 quotes"),
        ("hatch", "", "unknown"),
        ("dash", "", "practice without a stage: its range"),
        ("conflict", "", "evidence in conflict"),
        ("open", "(2)", "quotes that nobody has confirmed"),
        ("bar", "", "dimension: stage and bounds"),
    ]
    x, y = 0.0, y + 8
    for kind, sign, words in entries:
        wide = 52 + text_width(words, 11)
        if x and x + wide > d.width:
            x, y = 0.0, y + 22
        top = f"--stage-{d.stages}"
        if kind == "bar":
            d.line(x + 1, y + 7, x + 25, y + 7, width=2, stroke="--muted")
            d.add(f'<circle cx="{num(x + 13)}" cy="{num(y + 7)}" r="5.5" style="{d.paint(fill=top, stroke="--page-ink")}"/>')
        else:
            fill = {"stands": top, "hatch": hatch}.get(kind, "--surface")
            stroke = {"dash": "--unplaced-ink", "conflict": "--conflict"}.get(kind, "none")
            extra = ' stroke-width="1.6" stroke-dasharray="5 3"' if kind == "dash" else ' stroke-width="2"'
            d.rect(x + 1, y, 24, 14, extra=extra, fill=fill, stroke=stroke)
        d.text(
            x + 13,
            y + 11,
            sign,
            size=10.5,
            anchor="middle",
            weight=700 if kind == "stands" else 400,
            fill=f"{top}-ink" if kind == "stands" else "--muted",
        )
        d.text(x + 31, y + 11, words, size=11, fill="--muted")
        x += wide
    return y + 20


def heat_map(
    framework: Framework,
    assessment: Assessment,
    *,
    width: float = 900,
    links: Mapping[str, str] | None = None,
    uid: str = "heat",
    scheme: Scheme | None = None,
) -> str:
    """The framework's table with the result in it. ``links``: element id -> where its row leads."""
    d = Drawing(width, uid, len(framework.stages))
    hatch = d.hatch()
    left = min(270.0, width * 0.32) if width >= NARROW else 0.0
    grid = Grid(left, (width - left) / len(framework.stages))
    y = column_heads(d, grid, framework)
    for dimension in framework.dimensions:
        y = _dimension_block(d, grid, framework, dimension, assessment, links or {}, y, hatch)
    y = _heat_legend(d, y, hatch)
    rows = "; ".join(_row_title(framework, e, assessment.rating(e.id)) for e in framework.elements)
    return d.render(y, title="Where each element stands", description=f"Elements by stages. {rows}.", scheme=scheme)
