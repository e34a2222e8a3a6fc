"""The fields of a coding, for new evidence and for an edit."""

from __future__ import annotations

import streamlit as st

from assistant.models import Evidence, Framework, Polarity, Status
from assistant.ui.markup import label, stages
from assistant.ui.services.transcripts import Coding

SEVERAL = ""
"""Choice where the words fit several stages: a practice, not yet a stage."""


def coding(framework: Framework, *, key: str, given: Evidence | None = None) -> Coding:
    """Element, statement, status, polarity and codes as chosen; ``given`` fills them in."""
    names = {e.id: f"{d.name}: {e.name}" for d in framework.dimensions for e in d.elements}
    ids = list(names)
    element_id = st.selectbox(
        "Element",
        ids,
        index=ids.index(given.element) if given and given.element in names else 0,
        format_func=lambda i: names[i],
        key=f"{key}-element",
        filter_mode="contains",
    )
    element = framework.element(element_id)
    same = given is not None and given.element == element_id
    texts = {s.id: f"{stages(framework, s.stage_low, s.stage_high)}: {s.text}" for s in element.statements}
    options = [SEVERAL, *texts]
    current = given.statement if same and given and given.statement in texts else SEVERAL
    statement = st.selectbox(
        "Statement that the words show",
        options,
        index=options.index(current),
        format_func=lambda i: label(texts[i]) if i else "several fit: a practice, not yet a stage",
        key=f"{key}-statement-{element_id}",
    )
    low, high = (given.stage_low, given.stage_high) if same and given else (1, len(framework.stages))
    if not statement:
        numbers = [s.number for s in framework.stages]
        low, high = st.select_slider(
            "Stages that it fits",
            numbers,
            value=(low, high),
            format_func=framework.stage_name,
            key=f"{key}-stages-{element_id}",
        )
    left, right = st.columns(2)
    statuses, polarities = list(Status), list(Polarity)
    status = left.selectbox(
        "Status of the practice",
        statuses,
        index=statuses.index(given.status) if given else 0,
        format_func=lambda s: s.value,
        key=f"{key}-status",
    )
    polarity = right.selectbox(
        "Polarity", polarities, index=polarities.index(given.polarity) if given else 0, format_func=lambda p: p.value, key=f"{key}-polarity"
    )
    codes = [c for code in element.codes for c in (code, f"!{code}")]
    chosen = st.multiselect(
        "Practice codes",
        codes,
        format_func=lambda c: f"{c[1:]} is absent" if c.startswith("!") else c,
        default=[c for c in (given.codes if given else ()) if c in codes],
        key=f"{key}-codes-{element_id}",
        placeholder="none",
    )
    return Coding(element_id, low, high, statement or None, polarity, status, tuple(chosen))
