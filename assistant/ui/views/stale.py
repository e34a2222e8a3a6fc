"""Somebody else decided first: nothing was saved, and both versions are shown in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from assistant.errors import AssistantError, StaleEditError
from assistant.models import ElementDecision, Evidence, Framework
from assistant.store import EvidenceEdit, EvidenceItem
from assistant.ui import shared
from assistant.ui.here import Here
from assistant.ui.markup import DONE, chip, esc, facts, md, quote, said
from assistant.ui.services import reviewing

_KEY: Final = "review-stale"
ELEMENT_WORDS: Final = {
    "settle": "settled",
    "not_applicable": "does not apply",
    "missing_evidence": "evidence is missing",
    "reopen": "decision taken back",
}
"""Decisions on whole elements in words."""


def guarded(act: Callable[[], object]) -> bool:
    """For callbacks: whether ``act`` went through. What went wrong is shown in the run that follows, a stale edit with both versions."""
    try:
        act()
    except StaleEditError as error:
        st.session_state[_KEY] = error
        return False
    except AssistantError as error:
        shared.later(error)
        return False
    return True


def show(here: Here) -> None:
    """What `guarded` kept, once."""
    shared.show_later()
    error = st.session_state.pop(_KEY, None)
    if not isinstance(error, StaleEditError):
        return
    # Not `capitalize`, which would take the capitals of names away.
    remedy = error.remedy[:1].upper() + error.remedy[1:]
    st.warning(f"**Not saved: {md(error.message)}.** {md(remedy)}.", icon=":material/sync_problem:")
    mine, theirs = st.columns(2)
    mine.html(f"<b>What you wanted</b>{_wanted(here, error)}")
    theirs.html(_now(here, error.current))


def _wanted(here: Here, error: StaleEditError) -> str:
    """The attempt in words, so that nothing that was typed is lost."""
    attempted = error.attempted if isinstance(error.attempted, dict) else {}
    action = str(attempted.get("action", ""))
    reason = f": {said(str(attempted['reason']))}" if attempted.get("reason") else ""
    head = f"<p>{chip((ELEMENT_WORDS if 'element' in attempted else DONE).get(action, action), 'quiet')}{reason}</p>"
    if attempted.get("statement"):
        head += _statement(here.framework, str(attempted["element"]), str(attempted["statement"]))
    edit = attempted.get("edit")
    if isinstance(edit, EvidenceEdit) and isinstance(error.current, EvidenceItem):
        return head + _edited(here, error.current.evidence, edit)
    return head


def _edited(here: Here, e: Evidence, edit: EvidenceEdit) -> str:
    """The piece as it would have been: the words themselves instead of their offsets, names instead of ids."""
    transcript = shared.transcript(here.user, here.where, e.transcript)
    changes = edit.model_dump(exclude_none=True)
    start, end = changes.get("start", e.start), changes.get("end", e.end)
    # Only for showing: the store checks an edit that is really made.
    as_wanted = e.model_copy(update={**changes, "polarity": edit.polarity or e.polarity, "status": edit.status or e.status})
    known = {x.id: x.name for x in here.framework.elements}
    return (
        f"<p class='small'>{esc(known.get(as_wanted.element, as_wanted.element))}</p>{quote(transcript.text[start:end])}"
        f"{facts(as_wanted, here.framework, state=False)}{_statement(here.framework, as_wanted.element, as_wanted.statement or '')}"
    )


def _statement(framework: Framework, element: str, statement: str) -> str:
    text = next((s.text for e in framework.elements if e.id == element for s in e.statements if s.id == statement), "")
    return f"<p class='small muted'>{esc(text)}</p>" if text else ""


def _now(here: Here, current: object) -> str:
    """The record as it is."""
    if isinstance(current, EvidenceItem):
        e = current.evidence
        taken = reviewing.history(here.user, here.store, here.where, e.id)
        who = f" by {said(taken[-1].reviewer)}" if taken else ""
        return f"<b>As it is now{who}</b>{quote(e.quote)}{facts(e, here.framework)}"
    if isinstance(current, ElementDecision):
        words = f"<p>{chip(ELEMENT_WORDS.get(current.action, current.action), 'quiet')}: {said(current.reason)}</p>"
        statement = _statement(here.framework, current.element, current.statement or "")
        return f"<b>As it is now by {said(current.reviewer)}</b>{words}{statement}"
    return "<b>As it is now</b><p>nothing is decided</p>"
