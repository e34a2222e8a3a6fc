"""Pieces that several pages draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import streamlit as st

from assistant.display import clock
from assistant.models import Evidence, Framework, GroupRating, Role, Transcript, Turn
from assistant.ui import state
from assistant.ui.markup import STATE_NAMES, chip, esc, esc_aligned, stage_chip


def page(name: str) -> Path:
    """File of a page, for links."""
    return Path(__file__).parent / "app_pages" / f"{name}.py"


def view(options: Sequence[str], name: str) -> None:
    """Chooses which part of a page is shown: the field ``name`` of the state, which outlives the widget."""
    key = f"view-{name}"
    # The state is the truth: it may have changed by a link from another page.
    st.session_state[key] = getattr(state.current(), name)

    def chosen() -> None:
        setattr(state.current(), name, st.session_state[key])

    st.segmented_control(
        "Part of the page", list(options), key=key, required=True, label_visibility="collapsed", wrap=True, on_change=chosen
    )


@dataclass(frozen=True)
class Headline:
    """The result of a use case in a line."""

    stage: int | None
    draft: bool
    explanation: str


def extent(framework: Framework, group: GroupRating) -> str:
    """What is still open about a result: ``between DataOps and Automated MLOps: 6 of 17 elements not rated``."""
    if not group.total:
        return "no element applies"
    left = group.total - group.rated
    if not left:
        words = f"all {group.total} elements rated"
    elif group.low != group.high:
        low, high = framework.stage_name(group.low), framework.stage_name(group.high)
        words = f"between {low} and {high}: {left} of {group.total} elements not rated"
    elif group.sufficient:
        words = f"{left} of {group.total} elements not rated, which cannot change it"
    else:
        words = f"{framework.stage_name(group.low)} either way: {left} of {group.total} elements not rated"
    held = ", ".join(framework.element(e).name for e in group.blocked_by)
    return f"{words}; held down by {held}" if held else words


def summary(stage: str, explanation: str) -> str:
    """An assessment's own explanation beside a chip with its stage, which it need not repeat."""
    for said in (stage, "insufficient evidence"):
        inner = explanation.removeprefix(f"{said} (")
        if inner != explanation:
            return inner.removesuffix(")")
    return explanation


def both(wide: str, narrow: str, *, half: bool = False) -> str:
    """A chart drawn twice: the place that it gets decides which one is seen. ``half``: the wide one is drawn for half a page."""
    kind = " half" if half else ""
    return f'<div class="wide{kind}">{wide}</div><div class="narrow{kind}">{narrow}</div>'


def headline_chip(framework: Framework, headline: Headline) -> str:
    """The stage, or that the evidence is insufficient; a draft says so."""
    mark = chip("draft: nobody reviewed it", "quiet") if headline.draft else ""
    return stage_chip(framework, headline.stage) + mark


def choose_first(message: str) -> None:
    """An empty state that says what to do."""
    st.info(message, icon=":material/arrow_back:")


# ---------------------------------------------------------------- transcripts with marks


def when(transcript: Transcript, turn: Turn) -> str:
    """``12:30``, or ``turn 14`` where the file has no times."""
    time = turn.time_at(turn.start)
    return clock(time) if time is not None else f"turn {turn.index + 1}"


def turn_html(
    transcript: Transcript,
    turn: Turn,
    evidence: Sequence[Evidence],
    now: str = "",
    *,
    names: Mapping[str, str] | None = None,
    found: tuple[int, int] | None = None,
) -> str:
    """One turn with its evidence marked; pieces carry the offset of their first character.

    ``names``: element id -> name, for the marks; ``found``: a span to show that was searched for.
    """
    spans = [(e.start, e.end) for e in evidence] + ([found] if found else [])
    cuts = sorted({turn.start, turn.end, *(p for span in spans for p in span if turn.start < p < turn.end)})
    pieces = []
    for start, end in pairwise(cuts):
        text = esc_aligned(transcript.text[start:end])
        if found and found[0] <= start and end <= found[1]:
            text = f'<span class="found{" at-focus" if start == max(found[0], turn.start) else ""}">{text}</span>'
        over = [e for e in evidence if e.start <= start and end <= e.end]
        if over:
            # Where several lie on each other the one under review wins, else the shortest: it is the most precise.
            top = next((e for e in over if e.id == now), min(over, key=lambda e: (e.end - e.start, e.id)))
            focus = " at-focus" if top.id == now else ""
            name = (names or {}).get(top.element, "")
            title = esc(f"{name}, {STATE_NAMES[top.state]}" if name else STATE_NAMES[top.state])
            # Written behind the last piece of a quote by the style sheet: it is no part of the text, so offsets stay.
            shown = f' data-e="{esc(name)}"' if name and end == top.end else ""
            data = f'data-o="{start}" data-go="{esc(top.id)}" tabindex="0" role="button" title="{title}"{shown}'
            pieces.append(f'<mark class="s-{top.state.value}{focus}" {data}>{text}</mark>')
        else:
            pieces.append(f'<span data-o="{start}">{text}</span>')
    who = esc(turn.speaker) or "nobody named"
    role = {Role.INTERVIEWER: "interviewer", Role.RESPONDENT: "respondent"}.get(turn.role, "role unknown")
    side = " interviewer" if turn.role is Role.INTERVIEWER else ""
    head = f'<span class="who"><bdi dir="auto">{who}</bdi> · {role} · {when(transcript, turn)}</span>'
    return f'<div class="turn{side}" dir="auto">{head}{"".join(pieces)}</div>'


def by_turn(transcript: Transcript, evidence: Sequence[Evidence]) -> dict[int, list[Evidence]]:
    """Evidence by the turn that it begins in."""
    found: dict[int, list[Evidence]] = {}
    for e in evidence:
        found.setdefault(e.turn, []).append(e)
    return found
