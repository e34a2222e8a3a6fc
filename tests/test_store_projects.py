"""Organisations, use cases, participants, interviews, transcripts, roles, units of work, text that databases refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_support import ANSWER, QUESTION, Ticking, coded, raw_value, sample_transcript

from assistant.errors import InputError, NotFoundError, StoreError
from assistant.models import Role
from assistant.store import InterviewInfo, ReviewMode, RoleOverride, Store, UseCase
from assistant.store.clock import Uuid7, id_after
from assistant.store.types import escape_text, unescape_text

pytest_plugins = ["store_fixtures"]

ODD_NAMES = [
    "O'Brien & “Söhne” 🙂", "שלום עולם", "a\x00b", "half \ud83d emoji", "\x1a0000", "<script>alert(1)</script>", "=1+1",
    "100 %_\\", "x" * 300,
]  # fmt: skip


def test_create_rename_archive(store: Store) -> None:
    acme = store.add_organisation("  Acme ")
    assert acme.name == "Acme"
    assert store.rename_organisation(acme.id, "Acme AG") == store.organisation(acme.id)
    use_case = store.add_use_case(acme.id, "Forecasts", review=ReviewMode.BLIND)
    assert store.rename_use_case(use_case.id, "Demand").name == "Demand"
    assert store.use_case(use_case.id).review is ReviewMode.BLIND
    store.archive_use_case(use_case.id)
    store.archive_organisation(acme.id)
    assert (store.organisations(), store.use_cases(acme.id)) == ((), ())
    assert [o.name for o in store.organisations(archived=True)] == ["Acme AG"]
    assert [u.name for u in store.use_cases(archived=True)] == ["Demand"]
    store.archive_organisation(acme.id, archived=False)
    assert [o.id for o in store.organisations()] == [acme.id]
    kinds = [event.kind for event in reversed(store.audit()[0])]
    assert kinds == [
        "organisation.added", "organisation.renamed", "use_case.added", "use_case.renamed", "use_case.archived", "organisation.archived",
        "organisation.restored",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_comes_back_as_given(store: Store, name: str) -> None:
    made = store.add_organisation(name)
    use_case = store.add_use_case(made.id, name)
    person = store.add_participant(use_case.id, name, role=name)
    with Store.open(store.engine.url.render_as_string(hide_password=False)) as again:
        assert (again.organisation(made.id).name, again.use_case(use_case.id).name) == (name, name)
        assert again.participants(use_case.id) == (person,)
        with pytest.raises(StoreError, match="already"):
            again.add_organisation(name)


@given(st.text(alphabet=st.characters(codec=None)))
def test_escaping_is_reversible_and_safe(value: str) -> None:
    safe = escape_text(value)
    assert unescape_text(safe) == value
    assert "\x00" not in safe
    safe.encode("utf-8")


@pytest.mark.parametrize(("name", "why"), [("", "missing"), (" \n", "missing"), ("x" * 301, "at most 300")])
def test_unusable_names(store: Store, name: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        store.add_organisation(name)


def test_what_is_not_there(store: Store) -> None:
    for call in (
        lambda: store.organisation("x"), lambda: store.use_case("x"), lambda: store.add_use_case("x", "y"), lambda: store.interview("x"),
        lambda: store.rename_organisation("x", "y"), lambda: store.archive_use_case("x"), lambda: store.add_participant("x", "y"),
        lambda: store.transcript("x", "y"), lambda: store.original("x", "y"), lambda: store.run("x"), lambda: store.framework("x"),
        lambda: store.assessment("x"), lambda: store.evidence_item("x", "y"), lambda: store.current_evidence("x"),
        lambda: store.erase_interview("x", "a", "b"), lambda: store.add_transcript("x", *sample_transcript()),
        lambda: store.set_review_mode("x", ReviewMode.BLIND),
    ):  # fmt: skip
        with pytest.raises(NotFoundError):
            call()


def test_the_same_use_case_name_in_two_organisations(store: Store) -> None:
    one, two = store.add_organisation("One"), store.add_organisation("Two")
    store.add_use_case(one.id, "Same")
    store.add_use_case(two.id, "Same")
    with pytest.raises(StoreError, match="already"):
        store.add_use_case(one.id, "Same")


def test_a_transcript_comes_back_as_given(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript(answer=f"{ANSWER} NUL \x00 and SUB \x1a0041 and \u2028 end.")
    added = store.add_transcript(use_case.id, made, original, InterviewInfo(title="First", held_on="2026-01-02", notes="n"))
    assert added.created
    assert store.transcript(use_case.id, made.id) == made
    assert store.original(use_case.id, made.id) == original
    assert store.transcripts(use_case.id) == (added.info,)
    assert (added.info.characters, added.info.turns) == (len(made.text), 2)
    interview = store.interview(added.info.interview)
    assert (interview.title, interview.held_on, interview.notes, interview.erased) == ("First", "2026-01-02", "n", False)


def test_the_same_upload_is_stored_once(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript()
    first = store.add_transcript(use_case.id, made, original)
    again = store.add_transcript(use_case.id, made, original)
    assert (again.created, again.info) == (False, first.info)
    other, other_bytes = sample_transcript(name="exported again")
    assert other.sha256 != made.sha256
    assert other.id == made.id
    assert not store.add_transcript(use_case.id, other, other_bytes).created
    elsewhere = store.add_use_case(use_case.organisation, "Another")
    assert store.add_transcript(elsewhere.id, made, original).created


def test_bytes_of_another_file_are_refused(store: Store, use_case: UseCase) -> None:
    with pytest.raises(InputError, match="not read from these bytes"):
        store.add_transcript(use_case.id, sample_transcript()[0], b"something else")
    assert store.interviews(use_case.id) == ()


def test_pseudonyms(store: Store, use_case: UseCase) -> None:
    boss = store.add_participant(use_case.id, "Cleo", role="Head of data")
    for n, (answer, speaker) in enumerate(
        [("One.", "Ann"), ("Two.", "ANN"), ("Three.", "Speaker 1"), ("Four.", "Speaker 1"), ("Five.", "")]
    ):
        store.add_transcript(use_case.id, *sample_transcript(answer=answer, name=f"i{n}", respondent=speaker))
    store.add_transcript(
        use_case.id, *sample_transcript(answer="Six.", name="i6", respondent="C."), InterviewInfo(participants={"C.": boss.id})
    )
    people = store.participants(use_case.id)
    assert [(p.pseudonym, p.name) for p in people] == [("P1", "Cleo"), ("P2", "Ann"), ("P3", "Speaker 1"), ("P4", "Speaker 1"), ("P5", "")]
    speakers = [dict(i.speakers) for i in store.interviews(use_case.id)]
    assert speakers == [
        {"Ann": people[1].id}, {"ANN": people[1].id}, {"Speaker 1": people[2].id}, {"Speaker 1": people[3].id}, {"": people[4].id},
        {"C.": boss.id},
    ]  # fmt: skip
    assert store.describe_participant(people[4].id, name="Eve", role="SRE").pseudonym == "P5"
    with pytest.raises(NotFoundError):
        store.add_transcript(use_case.id, *sample_transcript(answer="7."), InterviewInfo(participants={"Ann": "nobody"}))


def test_a_second_part_of_one_interview(store: Store, use_case: UseCase) -> None:
    first = store.add_transcript(use_case.id, *sample_transcript(answer="One."))
    second = store.add_transcript(use_case.id, *sample_transcript(answer="Two."), interview=first.info.interview)
    assert second.info.interview == first.info.interview
    assert len(store.interviews(use_case.id)) == 1
    with pytest.raises(NotFoundError):
        store.add_transcript(use_case.id, *sample_transcript(answer="Three."), interview="none")


def test_role_overrides_are_added_and_the_last_one_counts(store: Store, use_case: UseCase, url: str) -> None:
    made, original = sample_transcript()
    store.add_transcript(use_case.id, made, original)

    def roles() -> list[Role]:
        return [turn.role for turn in store.transcript(use_case.id, made.id).turns]

    store.override_roles(
        use_case.id, made.id, [RoleOverride(speaker="Ann", role=Role.INTERVIEWER), RoleOverride(speaker="Bob", role=Role.UNKNOWN)]
    )
    assert roles() == [Role.UNKNOWN, Role.INTERVIEWER]
    store.override_roles(use_case.id, made.id, [RoleOverride(turn=1, role=Role.RESPONDENT), RoleOverride(speaker="Ann", role=Role.UNKNOWN)])
    assert roles() == [Role.UNKNOWN, Role.RESPONDENT]
    assert raw_value(url, "SELECT count(*) FROM transcript_roles") == 4
    for wrong in (RoleOverride(role=Role.UNKNOWN), RoleOverride(role=Role.UNKNOWN, turn=9), RoleOverride(role=Role.UNKNOWN, speaker="Zoe")):
        with pytest.raises(InputError, match="speakers are"):
            store.override_roles(use_case.id, made.id, [wrong])


def test_a_unit_of_work_is_all_or_nothing(store: Store, use_case: UseCase) -> None:
    def fails() -> None:
        with store.unit():
            coded(store, use_case.id)
            assert len(store.transcripts(use_case.id)) == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert store.transcripts(use_case.id) == ()
    with store.unit():
        coded(store, use_case.id)
        with pytest.raises(NotFoundError):
            store.decide(use_case.id, "e-none", "confirm", "ann")
    assert len(store.transcripts(use_case.id)) == 1


def test_times_are_utc_and_ids_grow(store: Store, use_case: UseCase) -> None:
    events = store.audit()[0]
    assert events[0].at.utcoffset() is not None
    assert events[0].at.microsecond == 678901
    assert [e.id for e in events] == sorted((e.id for e in events), reverse=True)


def test_audit_pages(store: Store, use_case: UseCase) -> None:
    coded(store, use_case.id)
    whole, end = store.audit(use_case=use_case.id)
    assert end is None
    pages, cursor = [], None
    while True:
        page, cursor = store.audit(use_case=use_case.id, cursor=cursor, limit=2)
        pages.extend(page)
        if cursor is None:
            break
    assert tuple(pages) == whole
    assert [e.kind for e in store.audit(kind="run.begun")[0]] == ["run.begun"]
    for wrong in ({"limit": 0}, {"cursor": "?"}, {"cursor": "WzFd"}):
        with pytest.raises(InputError):
            store.audit(**wrong)


def test_the_audit_trail_holds_no_words_and_no_names_of_participants(store: Store, use_case: UseCase) -> None:
    _, found = coded(store, use_case.id)
    store.decide(use_case.id, found[0].id, "reject", "rev", reason="because Ann jokes")
    shown = " ".join(event.model_dump_json() for event in store.audit()[0])
    assert all(word not in shown for word in ("Ann", QUESTION, found[0].quote, "jokes"))


def test_uuid7() -> None:
    ids = Uuid7(Ticking())
    several = [ids() for _ in range(100)]
    assert several == sorted(set(several))
    assert {value[14] for value in several} == {"7"}
    stuck = Uuid7(lambda: Ticking().now)
    same = [stuck() for _ in range(1000)]
    assert same == sorted(set(same))
    assert id_after(several[0], several[5]) > several[5]
    assert id_after(several[5], several[0]) == several[5]
    assert id_after("a", "z") > "z"
