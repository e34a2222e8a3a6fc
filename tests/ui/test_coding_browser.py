"""Coding in real Chromium: a language model over real HTTP, faults, cancelling; killed in the middle, and a closed tab."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from llm_server import Fault, LLMServer, first_sentences
from ui_support import Server, chromium, open_page, settled, teams_vtt

from assistant.store import RunState, Store
from assistant.transcripts import read_transcript

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KEY = "sk-never-shown-4f1c"
WITH_KEY = {"OPENAI_API_KEY": KEY, "ASSISTANT_LLM_CONCURRENCY": "1", "ASSISTANT_LLM_WINDOW_TOKENS": "200", "ASSISTANT_LLM_TIMEOUT": "60"}
"""One request at a time, several for a long transcript."""
IMPATIENT = {"ASSISTANT_LLM_ATTEMPTS": "2", "ASSISTANT_LLM_TIMEOUT": "2"}
"""Faults are given up on soon."""
WITHOUT_KEY = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}


@dataclass
class Place:
    """A server of the app, a language model and Chromium; every test works in a use case of its own."""

    server: Server
    llm: LLMServer
    browser: Browser
    store: Store
    cases: int = 0

    def case(self, number: int, answers: int = 6) -> Case:
        """Transcripts that nothing coded yet, in words that no other one has: no reply fits two of them."""
        self.cases += 1
        owner = self.store.add_organisation(f"Norrmark {self.cases}")
        use_case = self.store.add_use_case(owner.id, f"Fraud scoring {self.cases}").id
        for n in range(number):
            team = f"team {chr(96 + self.cases)}{n}"
            said = tuple(f"In {team} somebody called Bo copies model {n}{k} to the server by hand every week." for k in range(answers))
            data = teams_vtt(f"Bea Lund{self.cases}{n}", said)
            self.store.add_transcript(use_case, read_transcript(data, name=f"talk{n}.vtt"), data)
        return Case(self.store, use_case, chr(96 + self.cases))


@dataclass
class Case:
    """A use case with transcripts ``talk0``, ``talk1`` …"""

    store: Store
    use_case: str
    letter: str

    def states(self) -> list[tuple[str, str]]:
        """Name of each transcript and the state of each of its runs."""
        infos = {t.id: t.name for t in self.store.transcripts(self.use_case)}
        return sorted((infos[r.transcript], r.state.value) for r in self.store.runs(self.use_case))

    def done(self) -> int:
        """Finished runs."""
        return sum(r.state is RunState.DONE for r in self.store.runs(self.use_case))

    def evidence(self) -> int:
        """Pieces of evidence."""
        return sum(self.store.counts(self.use_case).values())

    def team(self, number: int) -> str:
        """Words that only this transcript has."""
        return f"team {self.letter}{number}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all."""
    with chromium() as found:
        yield found


@contextmanager
def place(tmp: Path, browser: Browser, env: dict[str, str]) -> Iterator[Place]:
    """The app with this environment."""
    (tmp / "data").mkdir()
    with (
        Store.open(f"sqlite:///{tmp}/data/assistant.sqlite3") as store,
        LLMServer() as llm,
        Server(tmp / "data", tmp / "log", env=env, folder=tmp) as server,
    ):
        yield Place(server, llm, browser, store)


@pytest.fixture(scope="module")
def with_key(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server whose environment holds a key."""
    with place(tmp_path_factory.mktemp("key"), browser, WITH_KEY) as found:
        yield found


@pytest.fixture(scope="module")
def without_key(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server whose environment holds none."""
    with place(tmp_path_factory.mktemp("none"), browser, WITHOUT_KEY) as found:
        yield found


def new_page(browser: Browser) -> Page:
    """A browser of its own, with time for a busy machine: loading the engine alone takes seconds."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(60_000)
    return page


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits for something outside the browser."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def main_text(page: Page) -> str:
    """What the page says."""
    return page.locator(".stMain").inner_text()


def choose(page: Page, label: str, option: str) -> None:
    """An entry of a list."""
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=re.compile(option)).click()


def set_model(page: Page, server: Server, url: str) -> None:
    """Endpoint, model and prices in Settings, as an admin types them."""
    open_page(page, f"{server.url}/settings")
    page.get_by_label("Endpoint (OpenAI-compatible)").fill(url)
    page.get_by_label("Model", exact=True).fill("test-model")
    page.get_by_label("Price of a million tokens in").fill("3")
    page.get_by_label("Price of a million tokens out").fill("15")
    choose(page, "Engine proposed for coding", "language model")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Settings saved").wait_for()


def agree(page: Page, server: Server, talk: Case, transcripts: int) -> None:
    """Cost first, then yes, then begin."""
    open_page(page, f"{server.url}/transcripts?uc={talk.use_case}")
    page.get_by_text("Send this, with names redacted").wait_for()
    begin = page.get_by_role("button", name=re.compile(rf"(Code|Go on coding) {transcripts} transcripts?"))
    assert begin.is_disabled()
    page.get_by_text("Send this, with names redacted").click()
    settled(page)
    begin.click()


def finished(page: Page) -> None:
    """Waits until the page says what was found."""
    page.get_by_text("of evidence to review").wait_for()


def held(place: Place, answer_of: str) -> list[bool]:
    """Holds the answers to what has these words back until the list holds False; the others are answered at once."""
    slow = [True]

    def answer(body: dict[str, Any]) -> str:
        end = time.monotonic() + 40
        while slow[0] and answer_of in str(body) and time.monotonic() < end:
            time.sleep(0.05)
        return first_sentences(body)

    place.llm.answer = answer
    return slow


def log_and_data(server: Server) -> bytes:
    """Everything that the server wrote."""
    return server.log.read_bytes() + b"".join(p.read_bytes() for p in server.data_dir.rglob("*") if p.is_file())


def test_a_language_model_is_asked_after_the_cost_was_agreed_to(with_key: Place) -> None:
    llm, server, talk, page = with_key.llm, with_key.server, with_key.case(2), new_page(with_key.browser)
    set_model(page, server, llm.url)
    assert "; a key is set" in open_again(page, server, "settings")
    open_page(page, f"{server.url}/transcripts?uc={talk.use_case}")
    page.get_by_text("Send this, with names redacted").wait_for()
    said = re.search(rf"(\d+) requests to {re.escape(llm.url)}, model test-model", main_text(page))
    assert said is not None
    assert re.search(r"Cost: about 0\.\d+ at the prices in Settings", main_text(page))
    assert llm.counts()["calls"] == 0, "nothing was sent to show the cost"
    agree(page, server, talk, 2)
    page.get_by_text(re.compile(r"of 2 transcripts coded")).wait_for()
    finished(page)
    assert llm.counts()["calls"] == int(said[1])
    assert {h["authorization"] for h in llm.headers} == {f"Bearer {KEY}"}
    for name in ("Bea Lund", "Norrmark"):
        assert name not in str(llm.bodies)
    assert talk.done() == 2
    assert talk.evidence() > 0
    page.get_by_role("link", name="Review").click()
    page.locator("[data-evidence]").first.wait_for()
    page.get_by_text(re.compile("test-model")).first.wait_for()
    listed = sent_list(page, server)
    assert listed.count(llm.url) >= 2
    assert "answered" in listed
    assert KEY not in page.content()
    assert KEY.encode() not in log_and_data(server)


def open_again(page: Page, server: Server, name: str) -> str:
    """A page as it reads."""
    open_page(page, f"{server.url}/{name}")
    return main_text(page)


def sent_list(page: Page, server: Server) -> str:
    """What Settings list as sent."""
    open_page(page, f"{server.url}/settings")
    page.get_by_text("What has left this machine").click()
    page.get_by_role("columnheader", name="Tokens in").wait_for()
    return main_text(page)


FAULTS = {
    "errors": (Fault(500), "the endpoint answered 500", "code it again"),
    "timeouts": (Fault(seconds=4), "no answer within 2 s", "code it again"),
    "garbage": (Fault(200, body="<html>not a completion</html>"), "cannot be read|no chat completion", "code it again"),
    "key": (Fault(401, body='{"error": {"message": "no", "code": "invalid_api_key"}}'), "answered 401", "OPENAI_API_KEY"),
}


def test_faults_are_told_in_words_and_what_is_finished_is_kept(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(f'OPENAI_API_KEY = "{KEY}"\n')
    with place(tmp_path, browser, IMPATIENT) as there:
        llm, server, talk, page = there.llm, there.server, there.case(2), new_page(browser)
        set_model(page, server, llm.url)
        for n, (fault, words, remedy) in enumerate(FAULTS.values()):
            # The first transcript is answered from the beginning; the other one meets the fault.
            llm.answer = lambda body, fault=fault: first_sentences(body) if talk.team(0) in str(body) else fault  # type: ignore[misc]
            agree(page, server, talk, 2 if n == 0 else 1)
            alert = page.get_by_test_id("stAlert").filter(has_text="talk1").filter(has_text=re.compile(words))
            alert.wait_for()
            assert remedy in alert.inner_text(), words
            assert "Traceback" not in page.content()
            assert talk.states() == [("talk0", "done"), ("talk1", "failed")]
        asked = llm.counts()["calls"]
        llm.answer = first_sentences
        agree(page, server, talk, 1)
        finished(page)
        assert talk.states() == [("talk0", "done"), ("talk1", "done")]
        assert llm.counts()["calls"] == asked + 1, "only what was missing was sent"
        assert {h["authorization"] for h in llm.headers} == {f"Bearer {KEY}"}, "a key in Streamlit's secrets serves as well"
        assert KEY.encode() not in log_and_data(server)


def test_cancelling_a_slow_model_stops_it_and_keeps_what_is_there(with_key: Place) -> None:
    llm, server, talk, page = with_key.llm, with_key.server, with_key.case(3, 20), new_page(with_key.browser)
    set_model(page, server, llm.url)
    before, slow = llm.counts()["calls"], held(with_key, talk.team(1))
    agree(page, server, talk, 3)
    page.get_by_text(re.compile(r"1 of 3 transcripts coded.*coding talk1, part 1 of [2-9]")).wait_for()
    until(lambda: talk.team(1) in str(llm.bodies[-1]))
    asked = llm.counts()["calls"]
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelling. Nothing new is begun").wait_for()
    slow[0] = False
    page.get_by_text("Cancelled after 1 transcript").wait_for()
    assert llm.counts()["calls"] == asked, "what was asked is waited for, the parts that were left are not sent"
    assert talk.states() == [("talk0", "done"), ("talk1", "cancelled")]
    agree(page, server, talk, 2)
    finished(page)
    assert [state for _, state in talk.states()] == ["done"] * 3
    sent = [str(body["messages"]) for body in llm.bodies[before:]]
    assert len(sent) == len(set(sent)), "no part was paid for twice"


def test_without_a_key_or_a_model_the_page_says_what_is_missing(without_key: Place) -> None:
    server, talk, page = without_key.server, without_key.case(1), new_page(without_key.browser)
    open_page(page, f"{server.url}/transcripts?uc={talk.use_case}")
    choose(page, "Engine", "language model")
    page.get_by_text("No language model is set").wait_for()
    assert page.get_by_role("button", name="Code 1 transcript").is_disabled()
    set_model(page, server, "")
    open_page(page, f"{server.url}/transcripts?uc={talk.use_case}")
    page.get_by_text(re.compile("There is no key for")).wait_for()
    assert "OPENAI_API_KEY" in main_text(page)
    assert page.get_by_role("button", name="Code 1 transcript").is_disabled()
    assert talk.states() == []


def test_killed_while_a_model_codes_it_goes_on_where_it_was(with_key: Place) -> None:
    llm, server, talk, page = with_key.llm, with_key.server, with_key.case(3), new_page(with_key.browser)
    set_model(page, server, llm.url)
    slow = held(with_key, talk.team(1))
    agree(page, server, talk, 3)
    until(lambda: any(talk.team(1) in str(b) for b in llm.bodies))
    server.kill()
    slow[0] = False
    assert talk.states() == [("talk0", "done"), ("talk1", "running")]
    kept = talk.evidence()
    assert kept > 0
    asked = sum(talk.team(0) in str(b) for b in llm.bodies)
    server.start()
    page.get_by_text("Coding was interrupted: 2 transcripts left").wait_for()
    assert page.locator("h1").inner_text() == "Transcripts"
    assert talk.evidence() == kept
    page.get_by_text("Send this, with names redacted").click()
    settled(page)
    page.get_by_role("button", name="Go on coding 2 transcripts").click()
    finished(page)
    assert talk.states() == [(f"talk{n}", "done") for n in range(3)]
    assert talk.evidence() == 3 * kept, "every transcript holds as much, none of it twice"
    assert sum(talk.team(0) in str(b) for b in llm.bodies) == asked, "what was finished is not sent again"


def test_killed_while_the_local_engine_codes_it_goes_on_where_it_was(without_key: Place) -> None:
    server, talk, page = without_key.server, without_key.case(5), new_page(without_key.browser)
    open_page(page, f"{server.url}/transcripts?uc={talk.use_case}")
    choose(page, "Engine", "local")
    page.get_by_role("button", name="Code 5 transcripts").click()
    until(lambda: talk.done() >= 1, 90)
    server.kill()
    done, kept = talk.done(), talk.evidence()
    assert 1 <= done < 5, "it was killed in the middle"
    server.start()
    page.wait_for_selector("[data-testid=stConnectionStatus]", state="detached", timeout=60_000)
    settled(page)
    # Killed between two transcripts nothing is under way, and the engine is the one proposed in Settings again.
    choose(page, "Engine", "local")
    left = page.get_by_role("button", name=re.compile(rf"(Go on coding|Code) {5 - done} transcripts?"))
    left.wait_for()
    assert talk.evidence() == kept
    left.click()
    finished(page)
    assert talk.states() == [(f"talk{n}", "done") for n in range(5)]
    found = [e.id for run in talk.store.runs(talk.use_case) for e in talk.store.run_evidence(run.id)]
    assert len(found) == len(set(found)) == talk.evidence()


def test_a_closed_tab_does_not_stop_it_and_the_page_stays_usable(with_key: Place) -> None:
    llm, server, talk, page = with_key.llm, with_key.server, with_key.case(3), new_page(with_key.browser)
    set_model(page, server, llm.url)
    before, slow = llm.counts()["calls"], held(with_key, talk.team(0))
    agree(page, server, talk, 3)
    until(lambda: llm.counts()["calls"] == before + 1)
    page.get_by_text("0 of 3 transcripts coded").wait_for()
    settled(page)
    page.get_by_role("button", name="talk2").click()
    page.get_by_text("copies model 25 to the server").first.wait_for()
    page.context.close()
    time.sleep(0.5)
    assert talk.done() == 0
    again = new_page(with_key.browser)
    open_page(again, f"{server.url}/transcripts?uc={talk.use_case}")
    again.get_by_text("0 of 3 transcripts coded").wait_for()
    assert again.get_by_role("button", name="Cancel").count() == 1
    assert again.get_by_role("button", name=re.compile("^(Code|Go on)")).count() == 0, "nobody can begin it a second time"
    slow[0] = False
    finished(again)
    assert talk.states() == [(f"talk{n}", "done") for n in range(3)]
