"""Interviews in real Chromium: a respondent by their link on a phone, the copilot, links that open nothing else, kill -9, a model that fails."""

from __future__ import annotations

import io
import json
import sys
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ui_support import Server, chromium, open_page, settled

from assistant.interview import events as ev
from assistant.interview import load_guide, service
from assistant.interview.engine import Setup
from assistant.interview.links import address, make_link, signing_key
from assistant.interview.logs import StoreLog
from assistant.settings import get_settings
from assistant.store import Store
from assistant.store.clock import utc_now

sys.path.insert(0, str(Path(__file__).parents[1]))

from interview_support import HOSTILE, BadModel

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NASTY = 'We "deploy" by hand & <b>test</b> nothing 🚀 — it\'s fine\n\n  =1+1 {{7*7}} \\ `x` $a$ :smile:\nñandú e\u0301'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    """The server's database."""
    with Store.open(f"sqlite:///{server.data_dir}/assistant.sqlite3") as opened:
        yield opened


def set_up(store: Store, setup: Setup | None = None, name: str = "Call scheduling") -> tuple[str, str]:
    """A use case and an interview in it, not begun."""
    owner = next(iter(store.organisations()), None) or store.add_organisation("Norrmark")
    use_case = store.add_use_case(owner.id, name).id
    return use_case, service.create(store, use_case, load_guide(), setup or Setup())


def link(server: Server, interview: str, days: float = 1.0) -> str:
    return address(server.url, make_link(interview, signing_key(get_settings()), utc_now(), days=days))


def begin(page: Page, url: str) -> None:
    """Opens the link and agrees."""
    page.goto(url)
    page.get_by_role("button", name="I agree: begin").click()
    page.locator("[data-question]").wait_for(timeout=60_000)
    settled(page)


def pending(page: Page) -> str:
    return page.locator("[data-question]").first.get_attribute("data-question") or ""


def gone_on(page: Page, before: str) -> None:
    """Waits until another question, or the end, is shown."""
    page.wait_for_function(
        "q => { const e = document.querySelector('[data-question]'); return !e || e.dataset.question !== q }", arg=before, timeout=60_000
    )
    settled(page)


def answer(page: Page, text: str, label: str = "Your answer", button: str = "Send") -> None:
    before = pending(page)
    page.get_by_label(label).fill(text)
    page.get_by_role("button", name=button, exact=True).click()
    gone_on(page, before)


def press(page: Page, button: str) -> None:
    before = pending(page)
    page.get_by_role("button", name=button).click()
    gone_on(page, before)


def test_a_respondent_by_link_on_a_phone_and_on_in_another_browser(server: Server, store: Store, tmp_path: Path) -> None:
    use_case, interview = set_up(store, Setup(mode="self-service", respondent="Respondent 3", role="data scientist"))
    with chromium() as browser:
        url = link(server, interview)
        phone = browser.new_context(**PHONE).new_page()  # type: ignore[arg-type]
        phone.goto(url)
        phone.get_by_text("No outside service").wait_for()
        assert StoreLog(store, interview).read()[-1].body.kind == "opened", "nothing is asked before consent"
        begin(phone, url)
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
        answer(phone, NASTY)
        press(phone, "Skip this question")
        press(phone, "I would rather not say")
        here = pending(phone)
        phone.get_by_role("button", name="Pause").click()
        phone.get_by_text("Your place is kept").wait_for()
        phone.context.close()
        desk = browser.new_page()
        open_page(desk, url)
        desk.get_by_role("button", name="Go on").click()
        desk.locator("[data-question]").wait_for()
        settled(desk)
        assert pending(desk) == here, "another browser goes on at the pending question"
        answer(desk, "We keep every version of the data in a store, and a script tags it each night.")
        desk.get_by_role("button", name="Stop here").click()
        desk.get_by_role("button", name="Stop the interview").click()
        desk.get_by_text("Your answers are saved").wait_for()
        desk.get_by_text("Your answers and your rights").click()
        with desk.expect_download() as started:
            desk.get_by_role("button", name="Download my transcript").click()
        started.value.save_as(tmp_path / "own.json")
    said = [x.reply for x in service.ledger(store, interview).exchanges if x.reply is not None]
    assert said[0] == NASTY, "to the letter"
    own = json.loads((tmp_path / "own.json").read_text("utf-8"))
    assert [t["text"] for t in own["turns"] if t["role"] == "respondent"] == said
    kept = store.transcript(use_case, store.transcripts(use_case)[0].id)
    answers = [t for t in kept.turns if t.role == "respondent"]
    assert [kept.text[t.start : t.end] for t in answers] == [s.strip() for s in said], "offsets match what was said"
    assert [p.role for p in store.participants(use_case)] in (["data scientist"], [""])


def test_two_tabs_on_one_link_are_one_conversation(server: Server, store: Store) -> None:
    _, interview = set_up(store)
    with chromium() as browser:
        url = link(server, interview)
        one, two = browser.new_page(), browser.new_page()
        begin(one, url)
        open_page(two, url)
        two.locator("[data-question]").wait_for()
        assert pending(one) == pending(two)
        answer(one, "I lead the data science team.")
        two.get_by_label("Your answer").fill("Said in the other tab.")
        two.get_by_role("button", name="Send", exact=True).click()
        two.get_by_text("Not sent, since that question was answered in another window").wait_for()
        # What was typed is given back.
        two.get_by_text("Said in the other tab.").wait_for()
        assert pending(one) == pending(two)
    shown = [x.seq for x in service.ledger(store, interview).exchanges]
    assert len(shown) == len(set(shown)) == 2
    assert service.ledger(store, interview).answers == ("I lead the data science team.",)


def test_a_link_opens_its_interview_and_nothing_else(server: Server, store: Store) -> None:
    use_case, interview = set_up(store)
    _, other = set_up(store, Setup(respondent="Somebody Else"), "Other")
    good = link(server, interview)
    token = good.split("k=")[1]
    bad = {
        "expired": link(server, interview, days=-1),
        "altered": good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
        "of another interview": good.replace(interview, other),
        "longer": good.replace(token.split(".")[1], "9999999999"),
        "empty": f"{server.url}/?k=",
        "nonsense": f"{server.url}/?k=../../etc",
    }
    with chromium() as browser:
        page = browser.new_page()
        for what, url in bad.items():
            open_page(page, url)
            page.get_by_test_id("stAlert").first.wait_for()
            assert page.get_by_role("button", name="I agree: begin").count() == 0, what
            assert "link" in page.get_by_test_id("stAlert").first.inner_text().lower(), what
        for place in ("review", "transcripts", "interview", "settings", "assessment", "frameworks", ""):
            open_page(page, f"{server.url}/{place}?k={token}&uc={use_case}")
            text = page.locator("body").inner_text()
            assert "What this interview is for" in text, place
            assert not {"Review", "Transcripts", "Assessment", "Settings", "Norrmark", "Call scheduling"} & set(text.split("\n")), place
            assert page.get_by_test_id("stSidebar").count() == 0, place
        page.keyboard.press("Escape")
        begin(page, good)
        answer(page, "We deploy by hand.")
        page.get_by_text("Your answers and your rights").click()
        page.get_by_text("Yes, erase my answers").click()
        page.get_by_role("button", name="Withdraw", exact=True).click()
        page.get_by_role("heading", name="Withdrawn").wait_for()
        open_page(page, good)
        page.get_by_text("This interview was withdrawn").wait_for()
    assert store.interview(interview).erased
    raw = b"".join(p.read_bytes() for p in server.data_dir.glob("assistant.sqlite3*"))
    assert b"We deploy by hand." not in raw, "not a word is left in the database's files"


def test_links_only_serves_links_and_no_other_page_to_other_machines(tmp_path: Path) -> None:
    data_dir = get_settings().data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    with (
        Server(data_dir, tmp_path / "log", env={"ASSISTANT_APP_LINKS_ONLY": "true"}, host="0.0.0.0") as server,
        Store.open(f"sqlite:///{data_dir}/assistant.sqlite3") as store,
        chromium() as browser,
    ):
        use_case, interview = set_up(store)
        page = browser.new_page()
        for place in ("", f"review?uc={use_case}", f"interview?uc={use_case}", "settings", "transcripts"):
            open_page(page, f"{server.url}/{place}")
            page.get_by_text("This link is not valid").wait_for()
            assert page.get_by_test_id("stSidebar").count() == 0, place
            assert "Call scheduling" not in page.locator("body").inner_text(), place
        begin(page, link(server, interview))


def test_killed_after_an_answer_nothing_is_lost_and_the_page_comes_back(server: Server, store: Store) -> None:
    _, interview = set_up(store)
    with chromium() as browser:
        page = browser.new_page()
        begin(page, link(server, interview))
        answer(page, "I am a data scientist.")
        here = pending(page)
        # The answer is committed, and the server dies before the next question was found.
        page.get_by_label("Your answer").fill("We version the data with a tool.")
        page.get_by_role("button", name="Send", exact=True).click()
        log = StoreLog(store, interview)
        for _ in range(400):
            if any(isinstance(e.body, ev.Answered) and "version" in e.body.text for e in log.read()):
                break
            page.wait_for_timeout(10)
        server.kill()
        count = len([e for e in log.read() if isinstance(e.body, ev.Answered)])
        assert count == 2
        server.start()
        page.wait_for_selector("[data-testid=stConnectionStatus]", state="detached", timeout=60_000)
        gone_on(page, here)
        page.locator("[data-question]").wait_for(timeout=60_000)
        assert int(pending(page)) > int(here)
        answer(page, "A script does it.")
    ledger = service.ledger(store, interview)
    assert list(ledger.answers) == ["I am a data scientist.", "We version the data with a tool.", "A script does it."]
    assert len({x.seq for x in ledger.exchanges}) == len(ledger.exchanges) == 4


def test_the_copilot_conducts_from_set_up_to_transcript(server: Server, store: Store) -> None:
    use_case = store.add_use_case(store.add_organisation("Norrmark").id, "Call scheduling").id
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        open_page(page, f"{server.url}/interview?uc={use_case}")
        page.get_by_label("Respondent: name or pseudonym").fill("Bea Lund")
        page.keyboard.press("Tab")
        page.get_by_label("Their function").fill("ML engineer")
        page.keyboard.press("Tab")
        settled(page)
        page.get_by_role("button", name="Set it up").click()
        page.get_by_role("button", name="They agree: begin").click()
        page.locator("[data-question]").wait_for(timeout=60_000)
        settled(page)
        answer(page, "I build and run the models.", "What they say", "Save and go on")
        page.get_by_text("Ask something else instead").click()
        page.get_by_label("A question of your own").fill("Don't you think that stage 3 is better?")
        page.keyboard.press("Tab")
        settled(page)
        before = pending(page)
        page.get_by_role("button", name="Ask my question").click()
        gone_on(page, before)
        page.get_by_text("It was asked all the same").first.wait_for()
        answer(page, "No, we do it all by hand, nobody has automated the release.", "What they say", "Save and go on")
        page.locator(".element.settled, .element.unplaced").first.wait_for()
        page.get_by_text("Ask something else instead").click()
        before = pending(page)
        page.locator("[class*=st-key-suggest-] button").first.click()
        gone_on(page, before)
        page.get_by_role("button", name="End the interview").click()
        page.get_by_role("button", name="End it").click()
        page.get_by_text("is a transcript now").wait_for(timeout=30_000)
        page.get_by_text("Go on: code it under Transcripts").click()
        page.get_by_role("button", name="Code 1 transcript").click()
        page.get_by_text("of evidence to review").wait_for(timeout=60_000)
        open_page(page, f"{server.url}/interview?uc={use_case}&iv=All+together")
        page.get_by_role("button", name="Set up a follow-up").click()
        page.get_by_text("New follow-up interview").wait_for()
    interview = next(iter(store.interviews(use_case)))
    ledger = service.ledger(store, interview.id)
    assert ledger.opened.respondent == "Bea Lund"
    assert ledger.answers[1].startswith("No, we do it all by hand")
    assert [p.role for p in store.participants(use_case)] == ["ML engineer"]
    assert sum(store.counts(use_case).values()) > 0


def test_a_name_typed_before_the_press_is_the_respondents_and_rows_can_be_told_apart(server: Server, store: Store, tmp_path: Path) -> None:
    use_case, _ = set_up(store, Setup(mode="copilot", respondent="Ann Berg"))
    with chromium() as browser:
        page = browser.new_page()
        open_page(page, f"{server.url}/interview?uc={use_case}")
        page.get_by_text("New interview").click()
        page.get_by_role("button", name="Set it up").hover()
        page.get_by_label("Respondent: name or pseudonym").fill("Kim Roe")
        # As long as a finger or a mouse presses: the field is left, and a run begins, before the click is there.
        page.get_by_role("button", name="Set it up").click(delay=120)
        page.get_by_role("button", name="They agree: begin").click()
        page.locator("[data-question]").wait_for()
        settled(page)
        answer(page, "We do it by hand.", "What they say", "Save and go on")
        names = [one.ledger.opened.respondent for one in service.standings(store, use_case)]
        assert names == ["Ann Berg", "Kim Roe"]
        open_page(page, f"{server.url}/interview?uc={use_case}")
        for name in names:
            page.get_by_role("heading", name=name).wait_for()
        page.get_by_role("button", name="More", exact=True).first.click()
        with page.expect_download() as started:
            page.get_by_role("button", name="Download as a file").click()
        started.value.save_as(tmp_path / "file.json")
    turns = json.loads((tmp_path / "file.json").read_text("utf-8"))["turns"]
    assert [t["text"] for t in turns if t["role"] == "respondent"] == ["We do it by hand."]


def test_an_interview_that_is_withdrawn_leaves_the_copilot(server: Server, store: Store) -> None:
    use_case, interview = set_up(store, Setup(mode="copilot", respondent="Kim Roe"))
    conductor = service.conductor(store, interview, get_settings())
    conductor.consent(conductor.consent_text(), by="respondent")
    with chromium() as browser:
        page = browser.new_page()
        open_page(page, f"{server.url}/interview?uc={use_case}&iv=Conduct&i={interview}")
        page.locator("[data-question]").wait_for()
        service.withdraw(store, interview)
        # By the clock, without a click.
        page.get_by_text("This interview was withdrawn").wait_for(timeout=30_000)
        page.locator("[data-question]").wait_for(state="detached")
        assert page.get_by_test_id("stException").count() == 0


# ---------------------------------------------------------------- models


@contextmanager
def started(tmp_path: Path, **settings: str) -> Iterator[tuple[Server, Store]]:
    """The app with more in its environment, and its database."""
    data_dir = get_settings().data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    with (
        Server(data_dir, tmp_path / "log", env=settings) as server,
        Store.open(f"sqlite:///{data_dir}/assistant.sqlite3") as store,
    ):
        yield server, store


def test_a_hostile_model_shows_nothing_bad_and_a_dead_one_stops_nobody(tmp_path: Path) -> None:
    model = BadModel(lambda n, _: HOSTILE[n % len(HOSTILE)])
    with (
        model.serve() as url,
        started(tmp_path, ASSISTANT_INTERVIEW_MODEL="bad", ASSISTANT_LLM_BASE_URL=url, OPENAI_API_KEY="k-secret-1") as (server, store),
        chromium() as browser,
    ):
        _, interview = set_up(store)
        page = browser.new_page()
        page.goto(link(server, interview))
        page.get_by_text("is sent to the language model").wait_for()
        assert url in page.locator(".consent").inner_text()
        begin(page, link(server, interview))
        bad = {" ".join(h.split()) for h in HOSTILE if h.strip()}
        for n in range(8):
            if n == 4:
                model.status = 500
            shown = page.locator("[data-question]").inner_text()
            assert " ".join(shown.split()) not in bad
            answer(page, f"We release by hand, and the data is in folder {n}.")
        assert model.bodies, "the model was asked"
        page.get_by_text("did not answer; the guide's own questions are asked instead").wait_for()
        assert "k-secret-1" not in page.content()
        ledger = service.ledger(store, interview)
        assert len(ledger.answers) == 8
        assert not [x for x in ledger.exchanges if not isinstance(x.body, ev.Offered) and x.body.wording.source == "model"]


def test_a_good_wording_is_shown_and_named(tmp_path: Path) -> None:
    said = "How often does that happen, in an ordinary week?"
    model = BadModel(lambda n, _: said if n == 0 else "")
    with (
        model.serve() as url,
        started(tmp_path, ASSISTANT_INTERVIEW_MODEL="good", ASSISTANT_LLM_BASE_URL=url, OPENAI_API_KEY="k") as (server, store),
        chromium() as browser,
    ):
        _, interview = set_up(store)
        page = browser.new_page()
        begin(page, link(server, interview))
        for _ in range(6):
            answer(page, "Models are released by one of us, and the data is kept in folders.")
            if page.locator("[data-question]").inner_text() == said:
                break
        else:
            pytest.fail(f"the wording was never shown: {[e.body for e in StoreLog(store, interview).read()][-6:]}")
        page.get_by_text("Your answers and your rights").click()
        answer(page, "Every Tuesday.")
        page.get_by_text("worded by good").first.wait_for()


class _Speech(BaseHTTPRequestHandler):
    """``/audio/transcriptions``: the same words for every sound."""

    heard: list[bytes]

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        self.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"text": "We monitor the model on a dashboard."}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def speech() -> Iterator[tuple[str, list[bytes]]]:
    handler = type("Speech", (_Speech,), {"heard": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", handler.heard  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


def test_a_spoken_answer_is_transcribed_corrected_and_sent(tmp_path: Path) -> None:
    with (
        speech() as (url, heard),
        started(tmp_path, ASSISTANT_INTERVIEW_SPEECH_MODEL="whisper", ASSISTANT_INTERVIEW_SPEECH_BASE_URL=url) as (server, store),
        chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser,
    ):
        _, interview = set_up(store)
        page = browser.new_context(permissions=["microphone"]).new_page()
        page.goto(link(server, interview))
        page.get_by_text("the recording is sent to the speech model").wait_for()
        begin(page, link(server, interview))
        page.get_by_label("Your answer").fill("First of all:")
        page.get_by_role("button", name="Record").click()
        page.wait_for_timeout(1200)
        page.get_by_role("button", name="Stop recording").click()
        field = page.get_by_label("What was heard")
        field.wait_for(timeout=30_000)
        assert field.input_value() == "We monitor the model on a dashboard."
        field.fill("We monitor the model on a dashboard, daily.")
        press(page, "Send")
        ledger = service.ledger(store, interview)
        assert ledger.answers == ("First of all:\nWe monitor the model on a dashboard, daily.",)
        sent = [e.body for e in StoreLog(store, interview).read() if isinstance(e.body, ev.Sent)]
        assert [(s.recipient, s.model) for s in sent] == [(url, "whisper")]
        assert len(heard) == 1
        with wave.open(io.BytesIO(heard[0][heard[0].index(b"RIFF") :])) as sound:
            assert sound.getnframes() > 0
