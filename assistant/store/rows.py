"""Evidence and decisions to rows and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from assistant.models import Decision, Evidence, EvidenceState

COMMON: Final = ""
"""As reviewer of an evidence state: the state that counts, not one reviewer's own."""


def evidence_row(e: Evidence, place: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The row of a piece of evidence; its state is not part of it. ``place`` names use case and interview."""
    plain = e.model_dump(mode="json", exclude={"state", "start", "end"})
    # Case-folded beside the quote: databases fold case differently, and SQLite only ASCII.
    return {**plain, **place, "start_char": e.start, "end_char": e.end, "folded": e.quote.casefold(), "created_at": now}


def evidence_from_row(row: Mapping[Any, Any], state: EvidenceState | str) -> Evidence:
    """The evidence of a row. Raises pydantic's ValidationError for a row that was tampered with."""
    fields = {name: row[name] for name in _SAME}
    return Evidence(start=row["start_char"], end=row["end_char"], state=EvidenceState(state), **fields)


_SAME: Final = tuple(name for name in Evidence.model_fields if name not in ("start", "end", "state"))


def state_row(evidence: str, place: Mapping[str, str]) -> dict[str, Any]:
    """State of evidence that nobody has decided on."""
    return {
        **place,
        "evidence": evidence,
        "reviewer": COMMON,
        "state": EvidenceState.PROPOSED.value,
        "last_decision": None,
        "outdated": False,
    }


def decision_from_row(row: Mapping[Any, Any]) -> Decision:
    """The decision of a row."""
    return Decision.model_validate({name: row[name] for name in Decision.model_fields})
