"""What an interview leaves known, element by element: for those who assess, never for the respondent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from assistant.interview import Ledger
from assistant.interview.ledger import Coverage, Pending, elements_of
from assistant.models import Framework
from assistant.ui.markup import chip, esc, quote, stages

SIGNS: Final = {"unknown": "○", "mentioned": "◔", "unplaced": "◑", "settled": "●", "conflict": "≠"}
"""By what is known: read without colour."""
WORDS: Final = {
    "unknown": "nothing yet",
    "mentioned": "no present practice",
    "unplaced": "how exactly stays open",
    "settled": "answered",
    "conflict": "two accounts",
}


def word(c: Coverage) -> str:
    """What is known of an element, in a few words."""
    if c.refused and c.status in ("unknown", "mentioned"):
        return "did not want to say"
    return f"{WORDS[c.status]}, confirmed" if c.confirmed else WORDS[c.status]


def map_html(framework: Framework, coverage: Mapping[str, Coverage], pending: Pending | None, ledger: Ledger) -> str:
    """Every element by dimension, those that the pending question is about framed."""
    now = set(elements_of(pending.body, ledger.guide)) if pending is not None else set[str]()
    parts = []
    for dimension in framework.dimensions:
        lines = []
        for element in dimension.elements:
            c = coverage.get(element.id, Coverage(element.id, "unknown"))
            mark = " now" if element.id in now else ""
            lines.append(
                f"<div class='element {c.status}{mark}'><i aria-hidden='true'>{SIGNS[c.status]}</i><span>{esc(element.name)}</span>"
                f"<small>{esc(word(c))}</small></div>"
            )
        parts.append(f"<h4>{esc(dimension.name)}</h4>{''.join(lines)}")
    settled = sum(c.status in ("settled", "conflict") for c in coverage.values())
    open_ = sum(c.status == "unplaced" for c in coverage.values())
    head = f"<p class='small muted'>{settled} of {len(framework.elements)} answered, {open_} more with details open</p>"
    return f"<div class='elements'>{head}{''.join(parts)}</div>"


def findings_html(framework: Framework, coverage: Mapping[str, Coverage]) -> str:
    """What was read in the answers, with its quotes. It names stages: not for the respondent's eyes."""
    parts = []
    for element in framework.elements:
        c = coverage.get(element.id)
        if c is None or not c.findings:
            continue
        shown = sorted(c.findings, key=lambda f: -f.confidence)[:4]
        quotes = "".join(
            quote(f.quote, chip("said absent" if f.polarity == "absent" else stages(framework, f.stage_low, f.stage_high))) for f in shown
        )
        more = f"<p class='small muted'>and {len(c.findings) - 4} more</p>" if len(c.findings) > 4 else ""
        parts.append(f"<h4>{esc(element.name)}</h4>{quotes}{more}")
    return "".join(parts) or "<p class='muted'>Nothing was read in the answers yet.</p>"
