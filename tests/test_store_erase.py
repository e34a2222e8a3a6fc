"""The right to withdraw: the words are gone, the trail stays, and nothing brings them back."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_support import REFUSED, coded, raw, sample_assessment, sample_framework, sample_transcript

from assistant.errors import InputError, NotFoundError, StaleEditError, StoreError
from assistant.models import Role
from assistant.store import EvidenceEdit, InterviewInfo, RoleOverride, Store, UseCase

pytest_plugins = ["store_fixtures"]

SECRET = "The zebra pipeline of Wintermute fails every second Thursday, I must say, and nobody knows about it."


@pytest.fixture
def spoken(store: Store, use_case: UseCase) -> str:
    """A coded, reviewed and assessed interview of Ann, and another one of hers and of somebody else."""
    made, original = sample_transcript(answer=SECRET, name="Ann Wintermute", respondent="Annabel")
    store.add_transcript(use_case.id, made, original, InterviewInfo(title="Talk with Annabel", notes="Annabel likes zebras"))
    _, found = coded(store, use_case.id, answer=SECRET, name="Ann Wintermute", respondent="Annabel")
    store.override_roles(use_case.id, made.id, [RoleOverride(speaker="Annabel", role=Role.RESPONDENT)])
    store.decide(use_case.id, found[0].id, "edit", "rev", edit=EvidenceEdit(end=found[0].end + 20), reason="the zebra again")
    store.decide(use_case.id, found[1].id, "reject", "rev", reason="Wintermute is not ours")
    store.freeze_assessment(use_case.id, sample_assessment(made, store.current_evidence(use_case.id)), sample_framework(), by="rev")
    other, kept = coded(store, use_case.id, name="other", respondent="Cleo")
    store.decide(use_case.id, kept[0].id, "confirm", "rev")
    store.freeze_assessment(use_case.id, sample_assessment(other, kept, mark="h2"), sample_framework(), by="rev")
    return store.interviews(use_case.id)[0].id


def everything(store: Store, url: str) -> str:
    """All that is stored, as text."""
    with store.engine.connect() as c:
        names = store.engine.dialect.get_table_names(c)
        found = [row for name in names for row in c.exec_driver_sql(f"SELECT * FROM {name}")]
    rows = [str([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in found]
    text = "\n".join(rows)
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        text += "".join(p.read_bytes().decode("latin-1") for p in path.parent.glob(path.name + "*"))
    return text


WORDS = ("zebra", "Wintermute", "Thursday", "Annabel")


def test_the_words_are_gone_from_rows_and_files(store: Store, use_case: UseCase, url: str, spoken: str) -> None:
    before = everything(store, url)
    assert all(word in before for word in WORDS)
    kept = [e for e in store.current_evidence(use_case.id) if e.speaker == "Ann" and e.state == "confirmed"]
    tombstone = store.erase_interview(spoken, "dpo", "withdrawn by the respondent")
    after = everything(store, url)
    assert [word for word in WORDS if word in after] == []
    removed = {
        "transcripts": 1,
        "evidence": 4,
        "decisions": 2,
        "run_evidence": 3,
        "rejections": 1,
        "transcript_roles": 1,
        "interview_events": 0,
    }
    assert tombstone.removed == removed
    assert store.tombstone(spoken) == tombstone
    assert store.check() == ()
    interviews = store.interviews(use_case.id)
    assert [i.erased for i in interviews] == [True, False]
    assert [(p.pseudonym, p.name) for p in store.participants(use_case.id)] == [("P1", ""), ("P2", "Cleo")]
    assert len(store.current_evidence(use_case.id)) == 3
    assert [e for e in store.current_evidence(use_case.id) if e.state == "confirmed"] == kept
    assert len(kept) == 1


def test_assessments_stay_with_their_result_but_without_the_words(store: Store, use_case: UseCase, spoken: str) -> None:
    mine, other = store.assessments(use_case.id)
    store.erase_interview(spoken, "dpo", "withdrawn")
    after, untouched = store.assessments(use_case.id)
    assert untouched == other
    assert after.redacted
    assert after.hash == mine.hash
    assert after.assessment.overall.stage == mine.assessment.overall.stage
    assert [(e.id, e.start, e.end) for e in after.assessment.evidence] == [(e.id, e.start, e.end) for e in mine.assessment.evidence]
    assert all(set(e.quote) == {"█"} for e in after.assessment.evidence)
    assert "█" in after.assessment.overall.explanation


def test_the_trail_says_who_when_why_and_how_much(store: Store, use_case: UseCase, spoken: str) -> None:
    tombstone = store.erase_interview(spoken, "dpo", "withdrawn")
    (entry,) = store.audit(kind="interview.erased")[0]
    assert (entry.id, entry.actor, entry.interview) == (tombstone.audit, "dpo", spoken)
    assert entry.details == {"reason": "withdrawn", "removed": tombstone.removed}
    assert entry.at.utcoffset() is not None


def test_erasing_twice_is_erasing_once(store: Store, spoken: str) -> None:
    first = store.erase_interview(spoken, "dpo", "withdrawn")
    assert store.erase_interview(spoken, "somebody else", "again") == first
    assert len(store.audit(kind="interview.erased")[0]) == 1


def test_a_second_upload_is_refused(store: Store, use_case: UseCase, spoken: str) -> None:
    store.erase_interview(spoken, "dpo", "withdrawn")
    for name in ("Ann Wintermute", "under another name"):
        with pytest.raises(StoreError, match="was erased from this use case"):
            store.add_transcript(use_case.id, *sample_transcript(answer=SECRET, name=name, respondent="Annabel"))
    with pytest.raises(StoreError, match="was erased"):
        store.add_transcript(use_case.id, *sample_transcript(answer="New words."), interview=spoken)


def test_other_use_cases_are_named_not_touched(store: Store, use_case: UseCase, spoken: str) -> None:
    elsewhere = store.add_use_case(use_case.organisation, "Another")
    added = store.add_transcript(elsewhere.id, *sample_transcript(answer=SECRET, name="Ann Wintermute", respondent="Annabel"))
    assert store.erase_interview(spoken, "dpo", "withdrawn").elsewhere == (added.info.interview,)
    assert SECRET in store.transcript(elsewhere.id, added.info.id).text


def test_a_person_with_another_interview_keeps_their_name(store: Store, use_case: UseCase, spoken: str) -> None:
    coded(store, use_case.id, name="second talk", answer="A second talk about something else altogether.", respondent="Annabel")
    store.erase_interview(spoken, "dpo", "withdrawn")
    assert [p.name for p in store.participants(use_case.id)] == ["Annabel", "Cleo"]


def test_nothing_can_be_added_by_hand_afterwards(store: Store, use_case: UseCase, url: str, spoken: str) -> None:
    store.erase_interview(spoken, "dpo", "withdrawn")
    run = store.runs(use_case.id)[0]
    assert run.interview == spoken
    columns = "use_case, run, position, interview, element, reason, engine, quote"
    with pytest.raises(REFUSED, match="erased"):
        raw(url, f"INSERT INTO rejections ({columns}) VALUES (?, ?, 9, ?, '', '', '', '')", use_case.id, run.id, spoken)


def test_deciding_on_erased_evidence(store: Store, use_case: UseCase, spoken: str) -> None:
    gone = store.evidence(use_case.id).items[0].evidence.id
    store.erase_interview(spoken, "dpo", "withdrawn")
    with pytest.raises((NotFoundError, StaleEditError)):
        store.decide(use_case.id, gone, "confirm", "rev")


def test_erasing_inside_a_unit(store: Store, spoken: str) -> None:
    with store.unit():
        store.erase_interview(spoken, "dpo", "withdrawn")
    assert store.interview(spoken).erased


def test_a_name_and_a_reason_are_needed(store: Store, spoken: str) -> None:
    for by, reason in (("", "x"), ("x", " ")):
        with pytest.raises(InputError):
            store.erase_interview(spoken, by, reason)
    assert store.tombstone(spoken) is None
