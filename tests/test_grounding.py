"""A quote counts only if a respondent said it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import GroundingError
from assistant.grounding import Grounded, Grounder, Refused, ground, is_negation, verify
from tests.llm_support import conversation

TALK = conversation(
    ("Ines", "So do you keep every version of the training data?"),
    (
        "Bo",
        "Well, um, we don't have a feature store. We deploy the the model twice a week — after 3 approvals — with Argo CD. "
        "Our data set isn’t small; it's 1,200 tables in C++ land... and we organise labelling ourselves.",
    ),
    ("Ines", "Weekly?"),
    ("Bo", "Weekly. We want to automate the monitoring of drift next year, and nobody rolls back by hand."),
    (
        "Ada",
        "We retrain each night without any manual step. We retrain each night without any manual step. Naïve café pipelines run daily.",
    ),
    ("Ada", "我们每天晚上都会重新训练模型。 Not only do we log runs, we also compare them."),
)


def said(quote: str, **options: object) -> str:
    found = ground(quote, TALK, **options)  # type: ignore[arg-type]
    assert isinstance(found, Grounded), found
    turn = TALK.turns[found.turn]
    assert turn.start <= found.start < found.end <= turn.end
    return TALK.text[found.start : found.end]


def refused(quote: str, **options: object) -> str:
    found = ground(quote, TALK, **options)  # type: ignore[arg-type]
    assert isinstance(found, Refused), found
    assert found.detail
    return found.reason


@pytest.mark.parametrize(
    ("quote", "stored", "method"),
    [
        ("we don't have a feature store.", "we don't have a feature store.", "exact"),
        ("WE DON’T HAVE A  FEATURE\nSTORE!", "we don't have a feature store.", "normalised"),
        ("twice a week - after 3 approvals - with Argo CD", "twice a week — after 3 approvals — with Argo CD", "normalised"),
        ("“Our data set isn't small”", "Our data set isn’t small", "normalised"),
        ("Our dataset isn't small", "Our data set isn’t small", "normalised"),
        ("it's 1200 tables in C++ land", "it's 1,200 tables in C++ land", "normalised"),
        ("Naive cafe pipelines run daily", "Naïve café pipelines run daily", "normalised"),
        ("We deploy the the model … with Argo CD", "We deploy the the model twice a week — after 3 approvals — with Argo CD", "elision"),
        (
            "We deploy the the model [...] with Argo CD",
            "We deploy the the model twice a week — after 3 approvals — with Argo CD",
            "elision",
        ),
        ("We deploy the model 2 times", None, ""),
        ("We deploy the model twice a week after three approvals", "We deploy the the model twice a week — after 3 approvals", "close"),
        ("we do not have a feature store", "we don't have a feature store", "close"),
        ("and we organize labeling ourselves", "we organise labelling ourselves", "close"),
        ("we automte", None, ""),
        ("to automate the monitoring of drfit next year", None, ""),
        ("want to automate the monitorng of drift next year", "want to automate the monitoring of drift next year", "close"),
        ("we really retrain, you know, each night without manual step", None, ""),
        ("We really retrain, you know, each night without any manual step", "We retrain each night without any manual step", "close"),
        ("Weekly.", "Weekly.", "exact"),
        ("我们每天晚上都会重新训练模型", "我们每天晚上都会重新训练模型", "exact"),
        ("do we log runs", "do we log runs", "exact"),
        ("in C++ land... and we organise", "in C++ land... and we organise", "exact"),
    ],
)
def test_found(quote: str, stored: str | None, method: str) -> None:
    found = ground(quote, TALK)
    if stored is None:
        assert isinstance(found, Refused)
        return
    assert isinstance(found, Grounded), found
    assert (TALK.text[found.start : found.end], found.method) == (stored, method)


@pytest.mark.parametrize(
    ("quote", "reason"),
    [
        ("", "empty"),
        ("… — …", "empty"),
        ("we", "too short"),
        ("So do you keep every version of the training data?", "interviewer"),
        ("labelling ourselves. Weekly?", "speaker change"),
        ("we organise labelling ourselves. Weekly?", "speaker change"),
        ("we have a feature store", "negation"),
        ("have a feature store", "negation"),
        ("We do … have a feature store", "negation"),
        ("We deploy the model twice a week after 4 approvals", "number"),
        ("We deploy the model twice a week after three approvals with Argo Workflows", "name"),
        ("We automate the monitoring of drift next year", "modality"),
        ("We … automate the monitoring of drift", "wording"),
        ("We will retrain each night without any manual step", "modality"),
        ("We retrain each night with any manual step", "negation"),
        ("We retrain each night without any thorough step", "wording"),
        ("Our grandmother sings in the choir on Sundays in spring", "not said"),
        ("any manual step. Naïve … zebra herds", "not said"),
        ("rolls back by hand", "negation"),
        ("step. We retrain each night", "negation"),
    ],
)
def test_refused(quote: str, reason: str) -> None:
    found = ground(quote, TALK)
    assert isinstance(found, Refused)
    assert found.detail
    if found.reason != reason:
        # Which word the nearest passage differs in is told as well as can be; that it is refused is what counts.
        assert {reason, found.reason} <= {"negation", "number", "name", "modality", "wording", "not said"}


def test_the_negation_reasons_are_told() -> None:
    assert refused("have a feature store") == "negation"
    assert refused("We retrain each night with any manual step") == "negation"
    assert refused("We deploy the model twice a week after 4 approvals") == "number"


def reason_for(quote: str, answer: str) -> str:
    """Why the quote is refused where that is the answer; empty where it is found."""
    found = ground(quote, conversation(("Ines", "And?"), ("Bo", answer)))
    return found.reason if isinstance(found, Refused) else ""


@pytest.mark.parametrize(("quote", "reason"), [("retrain models", "too short"), ("retrain models every", ""), ("Yes indeed.", "")])
def test_two_words_need_a_sentence_of_their_own_three_do_not(quote: str, reason: str) -> None:
    assert reason_for(quote, "Yes indeed. We retrain models every night.") == reason


@pytest.mark.parametrize(("between", "reason"), [(4, "negation"), (5, "")])
def test_a_negation_is_looked_for_five_words_back(between: int, reason: str) -> None:
    words = ["really", "quite", "simply", "ever", "properly"][:between]
    assert reason_for("retrain models every night", f"Today we never {' '.join(words)} retrain models every night.") == reason


def test_turns_limit_and_prefer() -> None:
    double = conversation(("Ines", "And?"), ("Bo", "We log every run."), ("Ines", "You?"), ("Ada", "We log every run."))
    first, second = ground("We log every run.", double), ground("We log every run.", double, prefer=3)
    assert isinstance(first, Grounded)
    assert isinstance(second, Grounded)
    assert (first.turn, second.turn) == (1, 3)
    assert refused("Weekly. We want to automate", turns=(1,)) == "elsewhere"


def test_a_turn_that_repeats_itself_gives_its_first_place() -> None:
    assert said("We retrain each night without any manual step.").startswith("We retrain")
    assert ground("We retrain each night without any manual step.", TALK) == Grounded(
        TALK.turns[4].start, TALK.turns[4].start + len("We retrain each night without any manual step."), 4, "exact"
    )


def test_elision_takes_the_nearest_beginning_and_refuses_a_long_gap() -> None:
    filler = " ".join(f"word{n}" for n in range(80))
    talk = conversation(("Ines", "And?"), ("Bo", f"We log all runs today. {filler} We log all runs in a table. So it is."))
    found = ground("We log all … in a table", talk)
    assert isinstance(found, Grounded)
    assert talk.text[found.start : found.end] == "We log all runs in a table"
    assert isinstance(ground("runs today … So it is", talk), Refused)
    assert isinstance(ground("We log all … in a shed", talk), Refused)
    assert isinstance(ground("today … table", talk), Refused)


def test_an_elision_may_leave_out_sentences_but_no_near_negation() -> None:
    talk = conversation(
        ("Ines", "And?"),
        (
            "Bo",
            "We deploy by script. It never fails. The logs are kept. We want to, in time, track models and you could say that we like it.",
        ),
    )
    assert isinstance(ground("We deploy by script … The logs are kept", talk), Grounded)
    assert isinstance(ground("The logs … to, in time", talk), Refused)
    assert isinstance(ground("The logs are kept. We … track models", talk), Refused)
    hidden = conversation(
        ("Ines", "And?"), ("Bo", "We run on our own cluster for all of the teams here and we do not see any reason at all to move it.")
    )
    assert isinstance(ground("We run on our own … reason at all to move it", hidden), Refused)
    after = conversation(("Ines", "And?"), ("Bo", "We have, as of the spring of this very year, and after long talks, not a single store."))
    assert isinstance(ground("We have … a single store", after), Refused)
    before = conversation(("Ines", "And?"), ("Bo", "We do not keep them at all, so every one of the teams has its own copy of the tables."))
    assert isinstance(ground("We do … own copy of the tables", before), Refused)


def test_blanks_never_make_or_hide_a_negation() -> None:
    talk = conversation(
        ("Ines", "And?"), ("Bo", "The results are notable to share with the whole team. It is now here in the lake, all of it.")
    )
    assert isinstance(ground("The results are not able to share", talk), Refused)
    assert isinstance(ground("It is nowhere in the lake", talk), Refused)
    assert isinstance(ground("It is now here in the la", talk), Refused)


def test_one_slip_of_the_pen_is_not_another_word() -> None:
    talk = conversation(
        ("Ines", "And?"), ("Bo", "We adapted the tables to Grafana last spring and adopted them, all by ourselves in house.")
    )
    assert isinstance(ground("We adopted the tables to Grafana last spring", talk), Refused)
    assert isinstance(ground("We adapted the tables to Grafena last spring", talk), Refused)
    assert isinstance(ground("We adaptted the tables to Grafana last spring", talk), Grounded)
    assert isinstance(ground("We adaptted the tabless to Grafana last spring", talk), Refused)


def test_no_text_no_turns() -> None:
    assert isinstance(ground("anything at all", conversation(("Ines", "Hello there, how are you?"))), Refused)


def test_verify() -> None:
    turn = TALK.turns[1]
    assert verify(TALK, turn.start, turn.end, TALK.text[turn.start : turn.end]) == turn
    with pytest.raises(GroundingError):
        verify(TALK, turn.start, turn.end, "something else")
    with pytest.raises(GroundingError):
        verify(TALK, TALK.turns[0].start, TALK.turns[0].end, TALK.text[TALK.turns[0].start : TALK.turns[0].end])
    with pytest.raises(GroundingError):
        verify(TALK, turn.start, TALK.turns[3].end, TALK.text[turn.start : TALK.turns[3].end])
    with pytest.raises(GroundingError):
        verify(TALK, 5, 5, "")


def test_is_negation() -> None:
    assert is_negation("don’t")
    assert is_negation("Never")
    assert not is_negation("knot")


@given(st.data())
def test_every_run_of_words_of_a_respondent_is_found_or_refused_for_its_negation(data: st.DataObject) -> None:
    turn = data.draw(st.sampled_from([t for t in TALK.turns if t.speaker != "Ines"]))
    words = TALK.text[turn.start : turn.end].split()
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    found = Grounder(TALK).ground(data.draw(st.sampled_from([" ", "\n", "  "])).join(words[first : last + 1]), prefer=turn.index)
    if isinstance(found, Refused):
        assert found.reason in ("negation", "too short", "empty")
    else:
        assert TALK.turns[found.turn].start <= found.start < found.end <= TALK.turns[found.turn].end


@given(st.text(max_size=80))
def test_any_text_gives_a_span_or_a_reason(quote: str) -> None:
    found = ground(quote, TALK)
    if isinstance(found, Grounded):
        assert any(t.start <= found.start < found.end <= t.end and t.speaker != "Ines" for t in TALK.turns)
