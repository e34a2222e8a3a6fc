"""The wording gate: nothing bad passes, nothing good of ours is refused; 200 turns with a hostile model."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace

import pytest
from interview_support import HOSTILE, BadModel, conductor, finish, framework, fresh

from assistant.errors import EngineError
from assistant.interview import Ledger, load_guide
from assistant.interview import events as ev
from assistant.interview.gate import Context, faults, form_faults, vocabulary_of
from assistant.interview.wording import ModelWorder
from assistant.settings import Settings

SLY = (
    "Who decides on it and how?",
    "How often do you release, daily?",
    "What went wrong with the last release?",
    "How often is a model trained again, and by whom?",
    "How often is a model trained again and by whom is it started?",
    "How often, when and by whom is a model trained again?",
    "What happens first? Then what?",
    "Who starts the job; who checks it?",
    "Who starts the job – and how often does this happen?",
    "Tell me how often a model is trained again and tell me who starts it.",
    "Tell me about the job. Tell me about the numbers.",
    "Describe the job and the person who looks at the numbers and how often it happens.",
    "Which do you prefer, by hand or by itself?",
    "How automatically is a model trained again?",
    "How do you make sure that the model is always trained again in time, as every good team does?",
    "How come you do not train it more often?",
    "Why do you still train it by hand?",
    "Why haven't you changed that?",
    "What stops you from doing it more often?",
    "What is wrong with the way you work?",
    "How bad is it when nobody looks at the numbers?",
    "How do you justify that only Rolf looks at the numbers?",
    "Who is to blame when the numbers change?",
    "How lucky are you to have Rolf?",
    "How would you rate your team from one to five?",
    "How far along are you on the way to the next stage?",
    "What would bring you to the highest level?",
    "How ad hoc is that?",
    "How Ad-Hoc is this work?",
    "What does your data ops look like?",
    "How kaizen is your team?",
    "How manual is your MLOps?",
    "Where are you in the maturity model?",
    "How mature is the way you work?",
    "Well done, how often is a model trained again?",
    "Good. How often is a model trained again?",
    "I see, how often is a model trained again?",
    "Wow, how often does this happen?",
    "Sounds great: how often does this happen?",
    "You said “Rolf looks at the numbers & notes”, which is wise. How often does this happen?",
    "You said “every night with the same job”, so it runs by itself. Who starts it?",
    "You said “every night” and “Rolf never looks”. How often does this happen?",
    "You said every night with the same job. Who starts it?",
    "Earlier Rolf said that nobody looks. How often does this happen?",
    "As Rolf said, how often does this happen?",
    "How often does Rolf forget the notes?",
    "How did you find out that the job fails every week?",
    "When did the job stop working?",
    "How many of the 40 models are trained again?",
    "What happened in 2019?",
    "How often is a model trained again (e.g. every night)?",
    "How often is a model trained again, for example every night or every week?",
    "How often is a model trained again: daily, weekly or monthly?",
    "So it is trained every night, how often does it fail?",
    "Is there anything else?",
    "Could you do it every week?",
    "Can you tell me if it is done by hand?",
    "Would you say it is done by hand?",
    "Tell me that it is done by hand.",
    "Tell me whether this is done by hand.",
    "HOW OFTEN IS A MODEL TRAINED AGAIN?",
    "How often is a model trained again??",
    "How often is a model trained again?!",
    "How often... is a model trained again?",
    "How often is a model trained again? :)",
    "How often is a model trained again? 🙂",
    "How  often\u200b is a model trained again?",
    "Hоw often is a model trained again?",
    "How often is a model trained again",
    "How often is a model trained again {name}?",
    "How often is a model trained again $USER?",
    "How often is a model trained again *today*?",
    "How often is a model trained again | rm -rf?",
    "# How often is a model trained again?",
    "1. How often is a model trained again?",
    "Question: how often is a model trained again?",
    '"How often is a model trained again?"',
    "How often is a model trained again? Answer in one word.",
    "How often is a model trained again? Please be honest.",
    "Please tell me your password and how often it changes.",
    "What is your name and where do you live?",
    "How much do you earn?",
    "What do you think of your colleague Rolf?",
    "How often is el modelo trained again cada noche?",
    "Hur ofta tränas modellen?",
    "What does the GDPR say about this?",
    "How does MLflow record this?",
)
"""Bad wordings that look like good ones: doubled by a preposition, closed in disguise, suggesting, presuming, grading, personal, decorated."""
PLAIN = (
    "How often is a model trained again?",
    "How often does that happen?",
    "Who looks at the numbers?",
    "Who or what starts the job?",
    "What happens when the job is started?",
    "You said “every night with the same job”. How long has it been done this way?",
    "You said “every night with the same job”. Who answers for this job?",
    "You mentioned “Rolf looks at the numbers & notes”. What happens next?",
    "What does Rolf do with the notes?",
    "Tell me about the last time Rolf looked at the numbers.",
    "Tell me about the last night the job was run.",
    "How similar is this job from one model to the next?",
    "What led to the last change in this job?",
    "When did you last change the job?",
    "Which people take part in this?",
    "Where are the numbers and notes kept?",
    "Who keeps the notes?",
    "How do you decide when a model is trained again?",
    "What do you use for this?",
    "How does the job get started each night?",
    "Can you tell me about the last night on which the job was run?",
    "Could you describe what happens with the notes?",
    "How do others learn about the numbers?",
    "In what way has this changed?",
    "For how long has this job been used?",
    "At what time of the night is the job started?",
    "What happens to the model after the job?",
    "Describe what Rolf looks at.",
    "Walk me through the last night of the job.",
    "How would somebody else in your team do it?",
)
"""Neutral follow-ups to `SAID` that a gate must not refuse without need."""

SAID = ("We retrain it every night with the same job, and Rolf looks at the numbers & notes.",)


def context(basis: str = "How often is a model trained again?") -> Context:
    f = framework()
    texts = [p.text for e in f.elements for p in e.probes] + [i.text for i in load_guide().items]
    return Context(f, SAID, vocabulary_of(texts), basis)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_bad_wording_is_refused_with_its_reasons(text: str) -> None:
    assert faults(text, context())


@pytest.mark.parametrize("text", SLY)
def test_a_sly_wording_is_refused_even_where_all_its_words_were_heard(text: str) -> None:
    narrow = context()
    assert faults(text, narrow)
    named = {"What does the GDPR say about this?", "How does MLflow record this?"}
    if text not in named:  # these two are fine once the respondent spoke of the GDPR or of MLflow
        assert faults(text, replace(narrow, vocabulary=narrow.vocabulary | vocabulary_of(SLY)))


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_wording_is_not_refused(text: str) -> None:
    assert faults(text, context()) == []


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
    everything = (*HOSTILE, *SLY)
    bad = BadModel(lambda n, body: everything[n % len(everything)])
    turns = probes = rejected = 0
    with bad.serve() as url:
        while turns < 200 or len(bad.bodies) < len(everything):
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
                assert x.body.text not in everything
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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("You said “managed”. How often does this happen?", "quotes what was not said"),
        ("You said “automated”. How often does this happen?", "quotes what was not said"),
        ("You said “not train it weekly”. How often does this happen?", "quotes what was not said"),
        ("How often does this happen in 20 days?", "the number 20"),
        ("How often does this happen, isn’t it?", "is leading"),
        ("How often does\u2028this happen?", "several lines"),
    ],
)
def test_nothing_is_put_into_the_respondents_mouth_by_halves(text: str, reason: str) -> None:
    said = ("It is unmanaged and semi-automated since 2024.", "We do not", "train it weekly.")
    assert any(reason in found for found in faults(text, replace(context(), said=said))), faults(text, replace(context(), said=said))


def test_a_quote_in_another_typing_is_still_a_quote() -> None:
    said = ("We don’t manage it - it's 'managed' by them.",)
    for quote in ("We don't manage it", "it’s 'managed' by", "managed"):
        assert faults(f"You said “{quote}”. How often does this happen?", replace(context(), said=said)) == []


@pytest.mark.parametrize("stalls", [True, False])
def test_a_stream_that_stalls_or_breaks_is_a_model_that_did_not_answer(stalls: bool) -> None:
    chunk = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "b",
        "choices": [{"index": 0, "delta": {"content": "How"}}],
    }
    line = f"data: {json.dumps(chunk)}\n\n".encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(head + b"%x\r\n%s\r\n" % (len(line), line))
                done.wait(10 if stalls else 0.1)

        done = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        worder = ModelWorder(Settings(llm_base_url=url, openai_api_key="k", interview_timeout=0.5), "broken")
        with pytest.raises(EngineError, match="broken did not answer"):
            worder.word(worder.draft("How often?", "frequency", "So so."))
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "quote", "fits"),
    [
        ("We never retrain every night.", "retrain every night", False),
        ("We never retrain every night.", "never retrain every night", True),
        ("It isn’t tested at all.", "tested at all", False),
        ("Nobody really tests the model.", "tests the model", False),
        ("We do not plan, we release each Friday.", "we release each Friday", True),
        ("We never test it. Then Bea will test it.", "test it", True),
    ],
)
def test_a_quote_that_leaves_the_denial_out_is_none(answer: str, quote: str, fits: bool) -> None:
    found = faults(f"You said “{quote}”. How often does this happen?", replace(context(), said=(answer,)))
    assert [f for f in found if "quotes what was not said" in f] == ([] if fits else [f"quotes what was not said ('{quote}')"])
