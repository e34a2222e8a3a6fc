"""The wording gate: nothing bad passes, nothing good of ours is refused; 200 turns with a hostile model."""

from __future__ import annotations

import pytest
from interview_support import HOSTILE, BadModel, conductor, finish, framework, fresh

from assistant.interview import Ledger, load_guide
from assistant.interview import events as ev
from assistant.interview.gate import Context, faults, form_faults, vocabulary_of
from assistant.interview.wording import ModelWorder
from assistant.settings import Settings

SAID = ("We retrain it every night with the same job, and Rolf looks at the numbers & notes.",)


def context(basis: str = "How often is a model trained again?") -> Context:
    f = framework()
    texts = [p.text for e in f.elements for p in e.probes] + [i.text for i in load_guide().items]
    return Context(f, SAID, vocabulary_of(texts), basis)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_bad_wording_is_refused_with_its_reasons(text: str) -> None:
    assert faults(text, context())


@pytest.mark.parametrize(
    "text",
    [
        "How often is a model trained again?",
        "You said “every night with the same job”. Who or what starts that job?",
        "You said “Rolf looks at the numbers & notes”. How often does that happen?",
        "Tell me about the last time the model was trained again.",
        "What happens with the numbers when Rolf looks at them?",
    ],
)
def test_a_good_wording_passes(text: str) -> None:
    assert faults(text, context()) == []


def test_every_prewritten_probe_passes() -> None:
    f = framework()
    assert {p.text: found for e in f.elements for p in e.probes if (found := form_faults(p.text, framework=f))} == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"), ("How often? And why?", "more than one"), ("Do you retrain?", "not an open"), ("Nice. How often is it done?", "praises"),
        ("How close are you to Manual MLOps?", "names the stage"), ("What would level 4 look like?", "stage or level"),
        ("You said “never”. How often is it done?", "quotes what was not said"), ("How did 17 models get there?", "number 17"),
        ("How does Zookeeper help?", "words that nobody used"), ("How <i>often</i> is it done?", "markup"),
    ],
)  # fmt: skip
def test_reasons_are_named(text: str, reason: str) -> None:
    assert any(reason in found for found in faults(text, context())), faults(text, context())


def reply(ledger: Ledger) -> str:
    """Something that always leaves a practice unplaced, so that probes are due; said with what breaks careless code."""
    item = ledger.last_item
    element = item.served[0] if item is not None and item.served else "data.management"
    return f'We do it "somehow" & <b>now</b> and then, Rolf\'s way 🚀\n\n#{element}=1-5'


def shown(ledger: Ledger) -> list[str]:
    return [x.body.text for x in ledger.exchanges]


def test_no_bad_turn_in_two_hundred_with_a_hostile_model() -> None:
    bad = BadModel(lambda n, body: HOSTILE[n % len(HOSTILE)])
    turns = probes = rejected = 0
    with bad.serve() as url:
        while turns < 200 or len(bad.bodies) < 2 * len(HOSTILE):
            worder = ModelWorder(Settings(llm_base_url=url, openai_api_key="k"), "bad")
            made = conductor(worder=worder)
            ledger = finish(made, reply)
            said = ledger.answers
            for x in ledger.exchanges:
                turns += 1
                assert form_faults(x.body.text, framework=made.framework) == [], x.body.text
                if isinstance(x.body, ev.Probed):
                    probes += 1
                    assert x.body.wording.source == "guide"
                assert x.body.text not in HOSTILE
            log = made.events
            rejected += sum(isinstance(e.body, ev.WordingRejected) for e in log)
            assert all(e.body.reasons for e in log if isinstance(e.body, ev.WordingRejected))
            assert all(len(e.body.text) <= 1000 for e in log if isinstance(e.body, ev.WordingRejected))
            assert said
    assert turns >= 200
    assert rejected == len(bad.bodies)
    assert probes


def test_one_regeneration_then_the_guides_own() -> None:
    answers = ["Great! How often?", "You said “We do it”. How often does this happen?"]
    good = BadModel(lambda n, body: answers[n % 2])
    with good.serve() as url:
        made = conductor(worder=ModelWorder(Settings(llm_base_url=url, openai_api_key="k"), "good"))
        ledger = made.answer("We do it by turns. #organisation.roles=1-5", to=made.ledger.pending.seq)  # type: ignore[union-attr]
    assert ledger.pending is not None
    assert ledger.pending.text == answers[1]
    assert ledger.pending.body.wording.source == "model"  # type: ignore[union-attr]
    kinds = [e.body.kind for e in made.events[-6:]]
    assert kinds == ["answered", "coded", "sent", "wording_rejected", "sent", "probed"]


def test_what_leaves_is_on_record_and_redacted() -> None:
    model = BadModel(lambda n, body: "How often does this happen?")
    with model.serve() as url:
        settings = Settings(llm_base_url=url, openai_api_key="k", llm_redact_names=("Wintermute",))
        made = conductor(worder=ModelWorder(settings, "good"))
        made.answer("Ask Wintermute at w@example.com. #organisation.roles=1-5", to=made.ledger.pending.seq)  # type: ignore[union-attr]
    sent = [e.body for e in made.events if isinstance(e.body, ev.Sent)]
    assert len(sent) == len(model.bodies) == 1
    left = "\n\n".join(m["content"] for m in model.bodies[0]["messages"])
    assert left == sent[0].text
    assert "Wintermute" not in left
    assert "example.com" not in left


def test_model_down_all_the_way_completes_and_says_so() -> None:
    down = BadModel(lambda n, body: "", status=500)
    with down.serve() as url:
        made = conductor(worder=ModelWorder(Settings(llm_base_url=url, openai_api_key="k", interview_timeout=2), "gone"))
        ledger = finish(made, reply)
    assert ledger.stopped is not None
    assert ledger.stopped.reason == "finished"
    assert len(down.bodies) == 3, "after three failures the model is left alone"
    assert "gone did not answer" in made.notice()
    notes = {
        x.body.wording.note for x in ledger.exchanges if isinstance(x.body, ev.Probed) and x.body.seeks not in ("language", "conflict")
    }
    assert notes == {"the model gone did not answer"}


def test_a_model_that_was_not_agreed_to_is_not_used() -> None:
    model = BadModel(lambda n, body: "How often does this happen?")
    with model.serve() as url:
        made = fresh()
        made.consent(made.consent_text(), by="respondent")
        later = type(made)(made.log, made.framework, made._coder, ModelWorder(Settings(llm_base_url=url, openai_api_key="k"), "new"))
        later.answer("So so. #organisation.roles=1-5", to=later.ledger.pending.seq)  # type: ignore[union-attr]
    assert model.bodies == []


def test_consent_names_model_and_endpoint() -> None:
    made = fresh(worder=ModelWorder(Settings(llm_base_url="http://127.0.0.1:9/v1", openai_api_key="k"), "some-model"))
    text = made.consent_text()
    assert "some-model" in text.text
    assert "http://127.0.0.1:9/v1" in text.text
    assert "nothing leaves the machine" in fresh().consent_text().text
