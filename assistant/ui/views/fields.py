"""The fields of a coding, for new evidence and for an edit.

`coding` draws them, `read` says what they hold. A button's callback must read: what was chosen when the button was drawn may be older
than the press, since leaving a field and pressing a button are one gesture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from assistant.models import Element, Evidence, Framework, Polarity, Status
from assistant.ui.markup import label, stages
from assistant.ui.services.transcripts import Coding

SEVERAL = ""
"""Choice where the words fit several stages: a practice, not yet a stage."""


def coding(framework: Framework, *, key: str, given: Evidence | None = None) -> None:
    """Draws element, statement, status, polarity and codes; ``given`` fills them in. ``key`` begins the keys of all fields."""
    names = {e.id: f"{d.name}: {e.name}" for d in framework.dimensions for e in d.elements}
    first = read(framework, key, given)
    element = framework.element(first.element)
    _first(f"{key}-element", first.element)
    st.selectbox("Element", list(names), format_func=lambda i: names[i], key=f"{key}-element", filter_mode="contains")
    left, right = st.columns(2)
    _first(f"{key}-status", first.status)
    left.selectbox("Status of the practice", list(Status), format_func=lambda s: s.value, key=f"{key}-status")
    _first(f"{key}-polarity", first.polarity)
    right.selectbox("Polarity", list(Polarity), format_func=lambda p: p.value, key=f"{key}-polarity")
    if first.polarity is not Polarity.ABSENT:
        # What is absent has no statement, and stage 1.
        _statement(framework, element, key, first, _same(given, element.id))
    _codes(element, key, first)
    if disputed := read(framework, key, given).disputed():
        st.warning(f"{', '.join(disputed)} cannot be both present and absent: choose one of the two.", icon=":material/rule:")


def read(framework: Framework, key: str, given: Evidence | None = None) -> Coding:
    """What the fields hold now; what was not drawn yet reads as it would be drawn. ``given`` as for `coding`."""
    ids = [e.id for e in framework.elements]
    known = given if given is not None and given.element in ids else None
    element_id = str(_held(f"{key}-element", known.element if known else ids[0], ids))
    element = framework.element(element_id)
    same = _same(known, element_id)
    statements = [SEVERAL, *(s.id for s in element.statements)]
    statement = _held(f"{key}-statement-{element_id}", (same.statement if same else None) or SEVERAL, statements)
    low, high = st.session_state.get(f"{key}-stages-{element_id}", _range(framework, same))
    codes = st.session_state.get(f"{key}-codes-{element_id}", same.codes if same else ())
    return Coding(
        element_id,
        int(low),
        int(high),
        str(statement) or None,
        Polarity(_held(f"{key}-polarity", given.polarity if given else Polarity.PRESENT, list(Polarity))),
        Status(_held(f"{key}-status", given.status if given else Status.CURRENT, list(Status))),
        tuple(c for c in codes if c in _choices(element)),
    )


def _same(given: Evidence | None, element: str) -> Evidence | None:
    """The evidence where it is of this element: its statement, stages and codes belong to its own."""
    return given if given is not None and given.element == element else None


def _range(framework: Framework, given: Evidence | None) -> tuple[int, int]:
    return (given.stage_low, given.stage_high) if given else (1, len(framework.stages))


def _held(key: str, otherwise: Any, options: Sequence[Any]) -> Any:
    """What the field holds, else ``otherwise``, else the first option."""
    found = st.session_state.get(key, otherwise)
    return found if found in options else options[0]


def _first(key: str, value: object) -> None:
    """What a field shows at first: the same that `read` says before the field is drawn."""
    st.session_state.setdefault(key, value)


def _statement(framework: Framework, element: Element, key: str, first: Coding, given: Evidence | None) -> None:
    """The statement or, where several fit, the stages."""
    texts = {s.id: f"{stages(framework, s.stage_low, s.stage_high)}: {s.text}" for s in element.statements}
    _first(f"{key}-statement-{element.id}", first.statement or SEVERAL)
    statement = st.selectbox(
        "Statement that the words show",
        [SEVERAL, *texts],
        format_func=lambda i: label(texts[i]) if i else "several fit: a practice, not yet a stage",
        key=f"{key}-statement-{element.id}",
    )
    if not statement:
        st.select_slider(
            "Stages that it fits",
            [s.number for s in framework.stages],
            # By an argument, which makes it a range, and always the same one: another would be another field.
            value=_range(framework, given),
            format_func=framework.stage_name,
            key=f"{key}-stages-{element.id}",
        )


def _choices(element: Element) -> list[str]:
    return [c for code in element.codes for c in (code, f"!{code}")]


def _codes(element: Element, key: str, first: Coding) -> None:
    _first(f"{key}-codes-{element.id}", list(first.codes))
    st.multiselect(
        "Practice codes",
        _choices(element),
        format_func=lambda c: f"{c[1:]} is absent" if c.startswith("!") else c,
        key=f"{key}-codes-{element.id}",
        placeholder="none",
    )
