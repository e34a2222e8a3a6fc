"""Which evidence to look at, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from assistant.store import EvidenceOrder
from assistant.ui import state
from assistant.ui.here import Here
from assistant.ui.markup import apart, label
from assistant.ui.services import reviewing, transcripts
from assistant.ui.services.reviewing import Queue, Waiting

ORDERS: Final = {
    EvidenceOrder.POSITION: "as said",
    EvidenceOrder.ELEMENT: "by element",
    EvidenceOrder.UNSURE_FIRST: "least sure first",
    EvidenceOrder.SURE_FIRST: "surest first",
}
PREFIX: Final = "queue-"


def draw(here: Here) -> None:
    """A line with what is left, and the filters behind a button."""
    queue = here.state.queue = _known(here, here.state.queue)
    left = reviewing.left(here.user, here.store, here.where, here.framework, queue)
    with st.container(horizontal=True, vertical_alignment="center", key="queue-line"):
        with st.popover("Queue", icon=":material/filter_list:", key="queue-box", on_change="rerun") as box:
            if box.open:
                _filters(here, queue)
        what = queue.waiting.value if queue.waiting is not Waiting.ALL else "in the queue"
        share = (left.total - left.waiting) / left.total if left.total else 0.0
        st.progress(share, text=f"{left.waiting} {what} of {left.total}{_words(here, queue)}", width="stretch")


def _known(here: Here, queue: Queue) -> Queue:
    """Without filters on what is not there: of another framework, withdrawn since, or mistyped in an address. They would show nothing."""
    listed = transcripts.listing(here.user, here.store, here.where) if queue.transcript else ()
    coders = reviewing.coders(here.user, here.store, here.where) if queue.engine else ()
    return replace(
        queue,
        dimension=_kept(queue.dimension, {d.id for d in here.framework.dimensions}),
        element=_kept(queue.element, {e.id for e in here.framework.elements}),
        transcript=_kept(queue.transcript, {i.id for i, _ in listed}),
        # An engine's name stands for all its versions.
        engine=_kept(queue.engine, {*coders, *(coder.partition("/")[0] for coder in coders)}),
    )


def _kept(value: str | None, there: Collection[str]) -> str | None:
    return value if value in there else None


def _words(here: Here, queue: Queue) -> str:
    """What the queue is narrowed to."""
    found = [ORDERS[queue.order]]
    if queue.element:
        found += [e.name for e in here.framework.elements if e.id == queue.element]
    elif queue.dimension:
        found += [d.name for d in here.framework.dimensions if d.id == queue.dimension]
    if queue.transcript:
        found.append("one transcript")
    if queue.engine:
        found.append("one coder")
    if queue.min_confidence > 0 or queue.max_confidence < 1:
        found.append(f"confidence {queue.min_confidence:.0%} to {queue.max_confidence:.0%}")
    if queue.conflicts:
        found.append("in conflict only")
    return " · " + " · ".join(found)


def _filters(here: Here, queue: Queue) -> None:
    names = apart({i.id: i.name for i, _ in transcripts.listing(here.user, here.store, here.where)})
    elements = {e.id: e.name for d in here.framework.dimensions if queue.dimension in (None, d.id) for e in d.elements}
    dimensions = {d.id: d.name for d in here.framework.dimensions}
    coders = reviewing.coders(here.user, here.store, here.where)
    _select("Show", "waiting", list(Waiting), {w: w.value for w in Waiting}, queue)
    _select("Order", "order", list(EvidenceOrder), dict(ORDERS), queue)
    _select("Dimension", "dimension", [None, *dimensions], {None: "all", **dimensions}, queue)
    _select("Element", "element", [None, *elements], {None: "all", **elements}, queue)
    _select("Transcript", "transcript", [None, *names], {None: "all", **names}, queue)
    _select("Coder", "engine", [None, *coders], {None: "all", **{c: c for c in coders}}, queue)
    key = f"{PREFIX}confidence"
    st.session_state[key] = (queue.min_confidence, queue.max_confidence)
    st.slider("Confidence", 0.0, 1.0, step=0.05, key=key, on_change=_confidence)
    key = f"{PREFIX}conflicts"
    st.session_state[key] = queue.conflicts
    st.toggle("Only elements in conflict", key=key, on_change=_changed, args=("conflicts",))
    st.button("Reset", key=f"{PREFIX}reset", on_click=_reset)


def _select(title: str, name: str, options: Sequence[object], shown: Mapping[Any, str], queue: Queue) -> None:
    key = f"{PREFIX}{name}"
    value = getattr(queue, name)
    st.session_state[key] = value if value in options else None
    # Streamlit shows the placeholder where the value is None, whatever the options say.
    st.selectbox(
        title, options, format_func=lambda o: label(shown.get(o, str(o))), key=key, on_change=_changed, args=(name,),
        placeholder=shown.get(None, "Choose"),
    )  # fmt: skip


def _set(**changes: object) -> None:
    """Another queue begins at its first piece."""
    app = state.current()
    app.queue = replace(app.queue, **changes)  # type: ignore[arg-type]
    app.evidence = ""
    app.trail = []


def _changed(name: str) -> None:
    changes = {name: st.session_state[f"{PREFIX}{name}"]}
    if name == "dimension":
        changes["element"] = None
    _set(**changes)


def _confidence() -> None:
    low, high = st.session_state[f"{PREFIX}confidence"]
    _set(min_confidence=low, max_confidence=high)


def _reset() -> None:
    app = state.current()
    app.queue, app.evidence, app.trail = Queue(), "", []
