"""The triggers of migration 0001. Frozen with it: a test pins the hash of this SQL."""

from __future__ import annotations

from assistant.store.migrations import guards

_GROW_ONLY: dict[str, tuple[list[tuple[str, ...]], bool]] = {
    "audit": ([("id",)], False),
    "tombstones": ([("interview",)], False),
    "transcripts": ([("use_case", "id"), ("use_case", "sha256")], True),
    "transcript_roles": ([("id",)], True),
    "frameworks": ([("hash",)], False),
    "evidence": ([("use_case", "id")], True),
    "run_evidence": ([("use_case", "run", "evidence")], True),
    "rejections": ([("use_case", "run", "position")], True),
    "decisions": ([("id",)], True),
    "element_decisions": ([("id",)], False),
    "assessment_transcripts": ([("assessment", "transcript")], False),
}
"""Table -> its unique keys, whether its rows are content of an interview."""


def statements(dialect: str) -> list[str]:
    """All triggers of this migration."""
    found = guards.functions(dialect)
    for table, (keys, of_interview) in _GROW_ONLY.items():
        found += guards.grow_only(dialect, table, keys, of_interview=of_interview)
    found += guards.conditional(
        dialect,
        "tombstones",
        "audited",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM audit WHERE audit.id = NEW.audit AND audit.kind = 'interview.erased' "
        "AND audit.interview = NEW.interview)",
        "append-only: a tombstone without its entry in the audit trail is refused",
    )
    return found + _run_guards(dialect) + _assessment_guards(dialect)


def _run_guards(dialect: str) -> list[str]:
    """What was to be done never changes; the state goes its way and ends at done."""
    fixed = ("id", "use_case", "interview", "transcript", "key", "engine", "engine_version", "coder", "settings", "framework",
             "framework_hash", "created_at")  # fmt: skip
    keys = [("id",), ("use_case", "key")]
    altered = guards.changed(fixed, dialect)
    return [
        *guards.grow_only(dialect, "runs", keys, of_interview=True, update=False),
        *guards.conditional(dialect, "runs", "fixed", "UPDATE", altered, "append-only: what a run codes cannot change"),
        *guards.conditional(
            dialect, "runs", "state", "UPDATE",
            "OLD.state = 'done' OR NEW.attempts < OLD.attempts OR (OLD.state = 'cancelled' AND NEW.state NOT IN ('running', 'cancelled'))",
            "append-only: this change of the state of a run is refused",
        ),
    ]  # fmt: skip


def _assessment_guards(dialect: str) -> list[str]:
    """Frozen, except that quotes of an erased interview are blacked out."""
    fixed = guards.changed(("id", "use_case", "label", "by", "at", "hash", "framework_hash"), dialect)
    erased = (
        "SELECT 1 FROM assessment_transcripts JOIN tombstones ON tombstones.interview = assessment_transcripts.interview "
        "WHERE assessment_transcripts.assessment = OLD.id"
    )
    return [
        *guards.grow_only(dialect, "assessments", [("id",), ("use_case", "hash")], update=False),
        *guards.conditional(
            dialect, "assessments", "update", "UPDATE", f"{fixed} OR NOT NEW.redacted OR NOT EXISTS ({erased})",
            "append-only: UPDATE of assessments is refused: none of its interviews has a tombstone",
        ),
    ]  # fmt: skip
