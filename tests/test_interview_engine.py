"""The Conductor: order, caps, refusals, two tabs, byte for byte, offers, ledger, live and uploaded alike."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interview_support import Ticking, WordCoder, conductor, finish, framework, fresh

from assistant.errors import InputError, PermissionDenied, StaleEditError
from assistant.interview import Conductor, Ledger, fold
from assistant.interview import events as ev
from assistant.interview.across import across
from assistant.interview.details import clause, does_not_know, refuses, verdict
from assistant.interview.engine import Setup, begin
from assistant.interview.guide import load_guide
from assistant.interview.ledger import CLOSING, MAX_GAP_MINUTES, RETURN
from assistant.interview.logs import MemoryLog
from assistant.interview.policy import PACE, pace_of, rate
from assistant.interview.probing import MAX_AT_FIRST, MAX_EXAMPLES, MAX_PER_ELEMENT, MAX_PER_QUESTION
from assistant.interview.transcript import to_json_bytes, to_transcript
from assistant.models import Role
from assistant.transcripts import read_transcript

ALL = " ".join(f"#{e.id}=3" for e in framework().elements)


def pending(ledger: Ledger) -> int:
    assert ledger.pending is not None
    return ledger.pending.seq


def test_nothing_is_asked_before_consent() -> None:
    made = fresh()
    assert made.advance().pending is None
    with pytest.raises(PermissionDenied, match="before the respondent agreed"):
        made.answer("hello", to=1)
    with pytest.raises(InputError, match="consent text has changed"):
        made.consent(made.consent_text().model_copy(update={"text": "Agree to anything"}), by="x")
    over = made.decline(by="x")
    assert over.over
    assert made.advance().pending is None


def test_the_interview_opens_with_an_introduction_and_ends_with_the_closing_question() -> None:
    made = conductor()
    first = made.ledger.pending
    assert first is not None
    assert isinstance(first.body, ev.Asked)
    assert first.body.item == "intro.role/role"
    ledger = finish(made, lambda led: "We do a little of this and that every week, all of us together.")
    assert isinstance(ledger.exchanges[-1].body, ev.Asked)
    assert ledger.exchanges[-1].body.item == CLOSING
    assert ledger.stopped is not None
    assert ledger.stopped.reason == "finished"
    assert ledger.minutes <= ledger.opened.budget_minutes + 2


def test_what_was_answered_in_passing_is_offered_not_asked() -> None:
    made = conductor()
    made.answer(f"I am a data scientist. {ALL}", to=pending(made.ledger))
    ledger = finish(made, lambda led: "Yes, that's right.")
    asked = [x.body.item for x in ledger.exchanges if isinstance(x.body, ev.Asked)]
    served = [i for i in asked if i in ledger.guide.by_key and ledger.guide.by_key[i].served]
    assert served == ["intro.role/role"], "nothing that was answered in full is asked"
    offers = [x.body for x in ledger.exchanges if isinstance(x.body, ev.Offered)]
    assert len(offers) == len({o.element for o in offers}) == 16
    assert all(ledger.coverage[o.element].confirmed for o in offers)
    assert all(e.covered for k, e in ledger.entries.items() if ledger.guide.by_key[k].served and k not in served)


def test_a_correction_is_not_a_confirmation() -> None:
    made = conductor()
    made.answer(f"I am a data scientist. {ALL}", to=pending(made.ledger))
    while not isinstance(made.ledger.pending.body, ev.Offered):  # type: ignore[union-attr]
        made.skip(to=pending(made.ledger))
    element = made.ledger.pending.body.element  # type: ignore[union-attr]
    made.answer(f"No, that has changed. #{element}=1", to=pending(made.ledger))
    c = made.ledger.coverage[element]
    assert not c.confirmed
    assert c.status == "conflict"


def test_caps_hold_whatever_is_said() -> None:
    made = conductor()

    def vague(led: Ledger) -> str:
        item = led.last_item
        return " ".join(f"#{e}=1-5" for e in (item.served if item else ())) or "It depends on many things, as you know."

    ledger = finish(made, vague)
    probes = [x.body for x in ledger.exchanges if isinstance(x.body, ev.Probed)]
    assert probes
    assert max(Counter(p.item for p in probes if p.item != "return").values()) <= MAX_PER_QUESTION
    assert max(Counter(p.element for p in probes).values()) <= MAX_PER_ELEMENT
    examples = Counter(p.element for p in probes if p.type == "idiographic")
    assert max(examples.values(), default=0) <= MAX_EXAMPLES
    texts = [x.body.text for x in ledger.exchanges if not isinstance(x.body, ev.Offered)]
    assert len(texts) == len(set(texts)), "nothing is asked twice in the same words"


@pytest.mark.parametrize("seed", range(4))
def test_rules_hold_whoever_answers(seed: int) -> None:
    """Vague, settling, contradicting, refusing, foreign, knowing nothing, in any order: caps, no repeats, nothing after a refusal."""
    chance = random.Random(seed)
    log = MemoryLog(Ticking(20))
    made = conductor(log)

    def anything(led: Ledger) -> str:
        elements = [e.id for e in made.framework.elements]
        item = led.last_item
        near = item.served[0] if item is not None and item.served else chance.choice(elements)
        return chance.choice(
            [
                f"It differs a bit. #{near}=1-5", f"Somebody does it by hand. #{near}=1", f"It runs by itself. #{near}=4", "I really don't know.",
                f"And on the side: #{chance.choice(elements)}=3", "I'd rather not talk about that.", "Das machen wir immer von Hand, und zwar jeder für sich.",
                "Well, this and that.",
            ]
        )  # fmt: skip

    ledger = finish(made, anything)
    probes = [x.body for x in ledger.exchanges if isinstance(x.body, ev.Probed)]
    assert max(Counter(p.item for p in probes if p.item != RETURN).values()) <= MAX_PER_QUESTION
    assert max(Counter(p.element for p in probes if p.element and p.seeks != "conflict").values()) <= MAX_PER_ELEMENT
    assert len({p.probe for p in probes}) == len(probes), "no probe twice"
    assert any(isinstance(e.body, ev.Refused) for e in made.events), "somebody refused"
    for n, event in enumerate(made.events):
        before = fold(made.events[:n]) if n and isinstance(event.body, ev.Asked | ev.Probed) else None
        if before is not None and isinstance(event.body, ev.Asked) and event.body.item in before.guide.by_key:
            assert not before.entries[event.body.item].covered, "answered in full, and asked all the same"
        if before is not None and isinstance(event.body, ev.Probed) and event.body.element:
            assert event.body.element not in {e for e, c in before.coverage.items() if c.refused}
    assert ledger.minutes <= ledger.opened.budget_minutes + 2


def test_first_a_word_on_everything_then_the_details() -> None:
    made = conductor(setup=Setup(budget_minutes=120))

    def vague(led: Ledger) -> str:
        item = led.last_item
        return f"In one way or another. #{item.elements[0]}=1-5" if item is not None and item.elements else "This and that."

    ledger = finish(made, vague)
    new, probes = set(ledger.coverage), Counter[str]()
    at_first = []
    for x in ledger.exchanges:
        if isinstance(x.body, ev.Asked) and x.body.item in ledger.guide.by_key:
            new -= set(ledger.guide.by_key[x.body.item].elements)
        elif isinstance(x.body, ev.Probed) and x.body.item != RETURN:
            probes[x.body.item] += 1
            if new:
                at_first.append(probes[x.body.item])
    assert at_first
    assert max(at_first) == MAX_AT_FIRST
    assert max(probes.values()) == MAX_PER_QUESTION, "there is time for details afterwards"


def test_pace_is_that_of_the_respondent_within_bounds() -> None:
    paces = []
    for seconds in (1, 30, 120):
        made = conductor(MemoryLog(Ticking(seconds)))
        for _ in range(6):
            made.answer("Something of it.", to=pending(made.ledger))
        paces.append(pace_of(made.ledger))
    assert paces == sorted(paces)
    assert PACE[0] <= paces[0] < 1 < paces[-1] <= PACE[1]
    assert pace_of(conductor().ledger) == 1.0


def test_a_question_on_three_elements_is_not_worth_three() -> None:
    ledger = conductor().ledger
    whole = ledger.guide.by_key["intro.walkthrough/project"]
    assert len(whole.elements) == 3
    assert 1 < rate(whole, ledger) * whole.part.minutes < 2


def test_a_refusal_in_words_ends_the_subject() -> None:
    made = conductor()
    made.skip(to=pending(made.ledger))
    item = made.ledger.last_item
    assert item is not None
    ledger = made.answer("I'd rather not talk about that.", to=pending(made.ledger))
    assert ledger.entries[item.key].status == "refused"
    assert all(ledger.coverage[e].refused for e in item.elements)
    ledger = finish(made, lambda led: "We do a little of this and that, all of us.")
    later = [x.body for x in ledger.exchanges[2:]]
    assert not [b for b in later if isinstance(b, ev.Probed) and b.element in item.elements]


def test_skip_is_not_stop_and_pause_keeps_the_question() -> None:
    clock = Ticking(1)
    made = conductor(MemoryLog(clock))
    first = made.ledger.pending
    second = made.skip(to=pending(made.ledger)).pending
    assert first is not None
    assert second is not None
    assert first.seq != second.seq
    assert made.ledger.entries["intro.role/role"].status == "skipped"
    before = made.pause().minutes
    clock.now += timedelta(days=40)
    after = made.resume()
    assert after.pending == second
    assert after.minutes - before < 1
    clock.now += timedelta(hours=5)
    assert made.answer("Back from lunch, which I forgot to say.", to=second.seq).minutes - before < MAX_GAP_MINUTES + 1


def test_two_tabs_one_conversation() -> None:
    one = conductor()
    two = Conductor(one.log, one.framework, WordCoder(one.framework))
    seen = pending(two.ledger)
    one.answer("From the first tab.", to=seen)
    with pytest.raises(StaleEditError, match="answered already"):
        two.answer("From the second tab.", to=seen)
    assert two.ledger.pending == one.ledger.pending
    assert two.ledger.answers == ("From the first tab.",)


def test_many_tabs_at_once_do_not_fork() -> None:
    one = conductor()
    for _ in range(15):
        if one.ledger.pending is None:
            break
        seen = pending(one.ledger)
        done: list[str] = []

        def answer(n: int, seen: int = seen, done: list[str] = done) -> None:
            tab = Conductor(one.log, one.framework, WordCoder(one.framework))
            try:
                tab.answer(f"Answer {n} of a tab.", to=seen)
                done.append(str(n))
            except StaleEditError:
                pass

        threads = [threading.Thread(target=answer, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(done) == 1
    log = one.events
    replies = Counter(e.body.to for e in log if isinstance(e.body, ev.Answered))
    assert max(replies.values()) == 1
    assert [e.seq for e in log] == list(range(1, len(log) + 1))


NASTY = 'He said "no" & <b>left</b> – it\'s Rolf’s\r\n\r\n\tjob 🚀 {{fence}} \\n %s é é'


@pytest.mark.parametrize("text", [NASTY, "  lead and trail  \n", "A: B: C", "\u202eevil", "1", "#" * 500, "a\u2028b\x0bc", "x\x00y"])
def test_answers_are_kept_byte_for_byte(text: str) -> None:
    made = conductor()
    made.answer(text, to=pending(made.ledger))
    kept = [e.body.text for e in made.events if isinstance(e.body, ev.Answered)]
    assert kept == [text]
    assert made.ledger.answers == (text,)
    again = fold([ev.Event.model_validate_json(e.model_dump_json()) for e in made.events])
    assert again.answers == (text,)


@pytest.mark.parametrize(("text", "message"), [("", "empty"), (" \n ", "empty"), ("x" * 50_001, "more than 50,000")])
def test_an_answer_without_words_or_end_is_refused(text: str, message: str) -> None:
    made = conductor()
    with pytest.raises(InputError, match=message):
        made.answer(text, to=pending(made.ledger))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=80).filter(lambda s: s.strip()), min_size=1, max_size=4))
def test_live_and_uploaded_are_the_same_conversation(texts: list[str]) -> None:
    made = conductor()
    for text in texts:
        if made.ledger.pending is None:
            break
        made.answer(text, to=pending(made.ledger))
    ledger = made.ledger
    live = to_transcript(ledger)
    uploaded = read_transcript(to_json_bytes(ledger), name="upload.json")
    assert (live.id, live.text, live.turns) == (uploaded.id, uploaded.text, uploaded.turns)
    spoken = [t for t in live.turns if t.role is Role.RESPONDENT]
    assert len(spoken) == len(ledger.answers)
    for x in ledger.exchanges:
        assert live.turns[x.turn].role is Role.INTERVIEWER
        if x.reply_turn is not None:
            assert live.turns[x.reply_turn].role is Role.RESPONDENT
    for f in ledger.findings:
        base = live.turns[f.turn].start
        assert live.text[base + f.start : base + f.end] == f.quote


def test_the_ledger_is_the_same_when_rebuilt_and_at_every_length() -> None:
    made = conductor()
    ledger = finish(
        made, lambda led: f"Something of it. #{led.last_item.served[0]}=3" if led.last_item and led.last_item.served else "Yes."
    )
    log = made.events
    assert fold(log) == fold([ev.Event.model_validate_json(e.model_dump_json()) for e in log]) == ledger
    for n in range(1, len(log)):
        assert fold(log[:n]).seq == n
    with pytest.raises(InputError, match="event 3 of this interview is missing"):
        fold([*log[:2], *log[3:]])


def test_guide_order_asks_in_the_order_of_the_guide() -> None:
    made = conductor(order="script")
    ledger = finish(made, lambda led: "So so.")
    orders = [
        ledger.guide.by_key[x.body.item].order
        for x in ledger.exchanges
        if isinstance(x.body, ev.Asked) and x.body.item in ledger.guide.by_key
    ]
    assert orders == sorted(orders)


def test_the_validation_guide_is_asked_as_written_but_nothing_twice() -> None:
    log = MemoryLog(Ticking(10))
    begin(log, load_guide("john-2025-validation"), framework())
    made = conductor(log)
    ledger = finish(made, lambda led: f"It is so. {ALL if len(led.exchanges) == 2 else ''}")
    asked = [x.body.item for x in ledger.exchanges if isinstance(x.body, ev.Asked)]
    assert asked[:2] == ["background.role/role", "background.adoption/details"]
    assert asked[-1] == CLOSING
    assert "validation.impression/impression" in asked
    assert "validation.devops/how" not in asked, "all that it serves was answered"


def test_supplementary_questions_go_first_when_time_is_short() -> None:
    made = conductor(setup=Setup(budget_minutes=20))
    ledger = finish(made, lambda led: "We do a little of this and that every week, all of us together.")
    asked = [x.body.item for x in ledger.exchanges if isinstance(x.body, ev.Asked)]
    assert not [i for i in asked if i.startswith("supplementary")]
    assert asked[-1] == CLOSING


def test_another_language_is_asked_about_once() -> None:
    made = conductor()
    ledger = finish(made, lambda led: "Das machen wir eigentlich immer von Hand, und zwar jeder so, wie er es will.")
    asked = [x.body.text for x in ledger.exchanges if isinstance(x.body, ev.Probed) and x.body.seeks == "language"]
    assert asked == ["How would you put that in English?"]


def test_two_statements_of_one_person_are_given_back_once() -> None:
    made = conductor()
    made.answer("It runs by itself every night. #data.management=1", to=pending(made.ledger))
    while made.ledger.last_item is None or "data.management" not in made.ledger.last_item.served:
        made.skip(to=pending(made.ledger))
    ledger = made.answer("Somebody does it by hand now and then. #data.management=5", to=pending(made.ledger))
    assert ledger.pending is not None
    # The word coder's quotes are single words, too short to be given back; the conflict is in the ledger all the same.
    assert ledger.coverage["data.management"].status == "conflict"


def test_copilot_chooses_and_asks_own_questions() -> None:
    made = conductor(setup=Setup(mode="copilot"))
    first = pending(made.ledger)
    wanted = made.suggestions(3)
    assert len(wanted) == 3
    ledger = made.choose(wanted[0].key, by="ann")
    assert ledger.pending is not None
    assert ledger.pending.body.item == wanted[0].key  # type: ignore[union-attr]
    assert first not in [x.seq for x in ledger.exchanges]
    assert ledger.entries["intro.role/role"].status == "not reached"
    ledger, faults = made.ask_own("Don't you think that is great?", by="ann")
    assert faults
    assert ledger.pending is not None
    assert len(to_transcript(made.answer("Well, yes and no.", to=pending(ledger))).turns) >= 2
    with pytest.raises(InputError, match="no question nowhere"):
        made.choose("nowhere", by="ann")


def test_a_question_that_was_skipped_and_chosen_again_is_answered() -> None:
    made = conductor(setup=Setup(mode="copilot"))
    item = made.ledger.last_item
    assert item is not None
    made.skip(to=pending(made.ledger))
    ledger = made.choose(item.key, by="ann")
    assert ledger.entries[item.key].status == "pending"
    ledger = made.answer("I lead the team. #organisation.roles=3", to=pending(ledger))
    assert ledger.entries[item.key].status == "answered"
    made.choose(item.key, by="ann")
    assert made.stop(by="ann").entries[item.key].status == "answered", "what was on the screen at the end takes nothing back"


def test_what_was_refused_is_not_suggested() -> None:
    made = conductor(setup=Setup(mode="copilot"))
    made.skip(to=pending(made.ledger))
    item = made.ledger.last_item
    assert item is not None
    made.refuse(to=pending(made.ledger))
    everything = made.suggestions(len(made.ledger.guide.items))
    assert everything
    assert not [i.key for i in everything if i.served and set(i.served) <= set(item.elements)]


@pytest.mark.parametrize("name", ["interviewer", " Interviewer\n", "Interviewer\u200b", "\u200b", ""])
def test_speakers_must_differ(name: str) -> None:
    with pytest.raises(InputError, match="names that differ"):
        begin(MemoryLog(), load_guide(), framework(), Setup(respondent=name))


def test_a_name_is_the_label_in_the_transcript() -> None:
    made = conductor(setup=Setup(respondent="Ann\n  Lee"))
    made.answer("I lead the team.", to=pending(made.ledger))
    assert {t.speaker for t in to_transcript(made.ledger).turns} == {made.ledger.opened.interviewer, made.ledger.opened.respondent}
    assert made.ledger.opened.respondent == "Ann Lee"


@pytest.mark.parametrize("minutes", [0, -5, float("nan"), 1e9])
def test_a_time_that_is_none_is_refused(minutes: float) -> None:
    with pytest.raises(InputError, match="cannot take"):
        begin(MemoryLog(), load_guide(), framework(), Setup(budget_minutes=minutes))


def test_a_focus_that_is_no_element_is_refused_not_asked_about_silently() -> None:
    with pytest.raises(InputError, match=r"did you mean 'deployment\.cicd'"):
        begin(MemoryLog(), load_guide(), framework(), Setup(focus=("data.management", "deploiment.cicd")))


def test_a_guide_of_another_version_is_named() -> None:
    first, *rest = conductor().events
    assert isinstance(first.body, ev.Opened)
    odd = first.model_copy(update={"body": first.body.model_copy(update={"guide": first.body.guide | {"mood": "good"}})})
    with pytest.raises(InputError, match=r"mood: the guide .* cannot be read"):
        fold([odd, *rest])


@pytest.mark.parametrize(
    ("text", "is_refusal"),
    [
        ("I'd rather not say.", True), ("Sorry, I can't talk about that, it's under NDA.", True), ("We can't talk to the old system.", False),
        ("I can’t talk about that.", True), ("I won’t answer that.", True), ("No comment.", True), ("I can't share that.", True), ("We can't share the GPUs.", False), ("I'd prefer not to.", True), ("We prefer not to use notebooks, everything is in git.", False), ("Next question, please.", True),
    ],
)  # fmt: skip
def test_refusals(text: str, is_refusal: bool) -> None:
    assert refuses(text) == is_refusal


def test_other_cues() -> None:
    assert does_not_know("I really don't know, ask our platform people.")
    assert does_not_know("I don’t know.")
    assert not does_not_know("We know each other well.")
    assert [verdict(t) for t in ("Yes.", "That’s right.", "Yes, but less often.", "No, not any more.", "Hmm, partly")] == [
        "confirmed", "confirmed", "corrected", "corrected", "corrected",
    ]  # fmt: skip
    for quote in ("So we copy the file by hand, and then we wait.", "Yes.", "a “quoted” thing", "x" * 300):
        assert clause(quote) in quote
    quote = "I lead the team, and we copy every model to the server by hand."
    assert clause(quote, about={"team", "lead"}) == "I lead the team"
    assert clause(quote) == "we copy every model to the server by hand"


def test_across_interviews() -> None:
    logs = {}
    for name, role, stage in (("i-1", "data scientist", 1), ("i-2", "ML engineer", 4), ("i-3", "product owner", 0)):
        made = conductor(setup=Setup(respondent=name.upper(), role=role))
        made.answer(f"I am it. #deployment.cicd={stage} #data.management=2-4" if stage else "I don't know.", to=pending(made.ledger))
        logs[name] = made.ledger
    whole = across(logs, framework())
    merged = {m.element: m for m in whole.elements}
    assert merged["deployment.cicd"].contradicts
    assert merged["data.management"].status == "settled"
    assert not merged["data.management"].contradicts
    first = whole.next[0]
    assert first.element == "deployment.cicd"
    assert "I-1" in first.why
    assert "I-2" in first.why
    assert set(first.whom) >= {"I-1", "I-2"}
    assert first.question
    assert [a.role for a in whole.asked] == ["data scientist", "ML engineer", "product owner"]
    keys = set(made.ledger.guide.by_key)
    vague = conductor(setup=Setup(budget_minutes=120))
    finish(vague, lambda led: f"So so. #{led.last_item.elements[0]}=1-5" if led.last_item and led.last_item.elements else "Well.")
    assert any(isinstance(x.body, ev.Probed) and x.body.item == RETURN for x in vague.ledger.exchanges)
    asked = across({"i": vague.ledger}, framework()).asked[0]
    assert set(asked.items) <= keys
    assert len(asked.items) == len(asked.questions)
    follow = conductor(setup=Setup(respondent="Again", focus=("deployment.cicd",)))
    ledger = finish(follow, lambda led: "It is so so.")
    items = [
        led.guide.by_key[x.body.item]
        for led in [ledger]
        for x in ledger.exchanges
        if isinstance(x.body, ev.Asked) and x.body.item in led.guide.by_key
    ]
    assert all("deployment.cicd" in i.served for i in items[1:])
    assert len(items) > 1
