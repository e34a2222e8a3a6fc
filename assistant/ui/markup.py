"""Texts of people into HTML and Markdown, always as text: nothing they wrote may act, format, or turn the line round."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import Final

from assistant.display import printable
from assistant.models import Evidence, EvidenceState, Framework, Statement

JOINER: Final = "\u2060"
"""Invisible and without a break: behind a colon it keeps `:emoji:`, `:red[…]` and addresses from being read as such."""
_PUNCTUATION: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=\"'&@/])")
_SAME_LENGTH: Final = {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)} | dict.fromkeys(
    (0x7F, *range(0x80, 0xA0), 0x202D, 0x202E, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd"
)
_LONG: Final = 120


def esc(text: str) -> str:
    """Text for an HTML page or attribute."""
    return escape(printable(text))


def esc_aligned(text: str) -> str:
    """Like `esc`, but every character of the text stays one character: offsets into the page are offsets into the text."""
    return escape(text.translate(_SAME_LENGTH))


def said(text: str) -> str:
    """Somebody's words in a line of ours: isolated, so that right-to-left text does not turn our words round."""
    return f'<bdi dir="auto">{esc(text)}</bdi>'


def md(text: str) -> str:
    """Text for a Streamlit label, message or Markdown: shown as it is, on one line."""
    flat = " ".join(printable(text).split())
    return _PUNCTUATION.sub(r"\\\1", flat).replace("\\:", f"\\:{JOINER}").replace("->", f"-{JOINER}>")


def label(text: str, limit: int = _LONG) -> str:
    """Text for a list to choose from, which shows plain text: cut where it is very long."""
    flat = " ".join(printable(text).split()) or "(no name)"
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def apart(names: Mapping[str, str]) -> dict[str, str]:
    """Lines of a list to choose from, none like another: the browser sends the line, not what it stands for. Alike ones are numbered."""
    lines = {key: label(name) for key, name in names.items()}
    often, seen = Counter(lines.values()), Counter[str]()
    for key, line in lines.items():
        seen[line] += 1
        lines[key] = f"{line} · no. {seen[line]}" if often[line] > 1 else line
    return lines


def short(text: str, limit: int = 60) -> str:
    """`md` of a text that may be long."""
    return md(label(text, limit))


# ---------------------------------------------------------------- pieces of evidence

STATE_NAMES: Final = {
    EvidenceState.PROPOSED: "proposed",
    EvidenceState.CONFIRMED: "confirmed",
    EvidenceState.REJECTED: "rejected",
    EvidenceState.UNSURE: "unsure",
    EvidenceState.SUPERSEDED: "replaced by an edit",
}


DONE: Final = {
    "confirm": "accepted",
    "reject": "rejected",
    "unsure": "set to unsure",
    "edit": "edited and accepted",
    "reopen": "decision taken back",
}
"""Decisions on evidence in words."""


def chip(text: str, kind: str = "") -> str:
    """A small label; ``kind`` is one of ours, never a user's text."""
    return f'<span class="chip {kind}">{esc(text)}</span>'


def stage_chip(framework: Framework, stage: int | None, otherwise: str = "insufficient evidence") -> str:
    """A stage in its colour."""
    if stage is None:
        return chip(otherwise, "unknown")
    colours = f"background:var(--stage-{stage});color:var(--stage-{stage}-ink)"
    return f'<span class="chip" style="{colours}">{esc(framework.stage_name(stage))}</span>'


def stages(framework: Framework, low: int, high: int) -> str:
    """``DataOps to Automated``."""
    names = {s.number: s.short or s.name for s in framework.stages}
    return names[low] if low == high else f"{names[low]} to {names[high]}"


def state_chip(state: EvidenceState) -> str:
    """The state of a piece of evidence."""
    return chip(STATE_NAMES[state], f"state-{state.value}")


def facts(e: Evidence, framework: Framework, *, state: bool = True) -> str:
    """Coding of a piece of evidence in chips."""
    parts = [state_chip(e.state)] if state else []
    parts += [chip(e.status.value, "" if e.status == "current" else "quiet"), chip(e.polarity.value)]
    parts.append(chip("said absent" if e.polarity == "absent" else stages(framework, e.stage_low, e.stage_high)))
    parts += [chip(code, "code") for code in e.codes]
    return f'<div class="chips">{"".join(parts)}</div>'


def coder(e: Evidence) -> str:
    """Who coded it and how sure they are; an engine's exact version shows when pointed at. HTML of ours."""
    kind, _, rest = e.engine.partition("/")
    if kind == "person":
        return f"coded by {said(rest)}"
    return f'<span title="{esc(e.engine)}">coded by the engine {esc(kind)}</span>, confidence {e.confidence:.0%}'


def quote(text: str, foot: str = "") -> str:
    """A quote; ``foot`` is HTML of ours."""
    return f'<blockquote class="quote"><p dir="auto">{esc(text)}</p>{f"<footer>{foot}</footer>" if foot else ""}</blockquote>'


def statement_cell(framework: Framework, s: Statement, classes: str = "", note: str = "") -> str:
    """One statement of an element's row."""
    head = stages(framework, s.stage_low, s.stage_high)
    swatches = "".join(f'<i style="background:var(--stage-{n})"></i>' for n in range(s.stage_low, s.stage_high + 1))
    mark = f'<span class="note">{esc(note)}</span>' if note else ""
    return (
        f'<div class="cell {classes}" style="--span:{s.stage_high - s.stage_low + 1}"><div class="swatches">{swatches}</div>'
        f"<b>{esc(head)}</b><p>{esc(s.text)}</p>{mark}</div>"
    )
