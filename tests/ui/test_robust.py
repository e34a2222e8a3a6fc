"""In real Chromium: hostile content, kill -9 in the middle of a review, two reviewers at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ui_support import Project, Server, chromium, make_project, open_page, settled, teams_vtt

from assistant.interview import load_guide, service
from assistant.interview.engine import Setup
from assistant.interview.links import make_link, signing_key
from assistant.settings import get_settings
from assistant.store.clock import utc_now

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EVIL = (
    "<script>window.hacked=1</script> we use <img src=x onerror='window.hacked=2'> every day",
    "**bold** [click](javascript:window.hacked=3) $\\frac{1}{2}$ :red[shout] `code` we deploy by hand",
    '=HYPERLINK("http://evil.example","x") and @SUM(1+1) is how we log it',
    "\u202edetrever\u202c and \u05e9\u05dc\u05d5\u05dd we monitor nothing",
    "</mark></div></blockquote><style>*{display:none}</style> we version data",
    "a" * 300 + " we test features",
)
NAME = "<img src=x onerror='window.hacked=4'>**Evil** $x^2$ :smile: [l](javascript:alert(1)) \u202eeman " + "n" * 180
PAGES = (
    "", "transcripts", "transcripts?tv=Read", "transcripts?tv=Search", "review", "review?rv=Conflicts", "review?rv=Elements",
    "review?rv=Several+at+once", "review?rv=Last+decisions", "assessment?n=all", "assessment?av=Trace&n=all", "assessment?av=Frozen&n=confirmed",
    "assessment?av=Unknown&n=all", "settings", "frameworks", "interview", "interview?iv=Conduct", "interview?iv=All+together",
    "interview?iv=Guide",
)  # fmt: skip


def shown(page: Page) -> str:
    """The piece of evidence under review."""
    return page.locator("[data-evidence]").first.get_attribute("data-evidence") or ""


def press(page: Page, key: str) -> None:
    """A key, and the piece that it was pressed on has gone."""
    before = shown(page)
    page.keyboard.press(key)
    page.wait_for_function("id => document.querySelector('[data-evidence]')?.dataset.evidence !== id", arg=before, timeout=15_000)
    settled(page)


def test_hostile_content_is_shown_as_text(tmp_path: Path) -> None:
    data = teams_vtt("<script>window.hacked=5</script>Bea", EVIL)
    with make_project(get_settings().resolved_database_url, NAME, data, "<svg onload=window.hacked=6>**talk**.vtt") as project:
        s, u = project.store, project.use_case.id
        s.rename_organisation(project.use_case.organisation, "=1+1 <b>Org</b> {{7*7}}")
        s.decide(u, project.evidence[0].id, "reject", "<script>window.hacked=7</script>", reason="<img src=x onerror=window.hacked=8>")
        s.undo(u, project.evidence[0].id, "Eva")
        s.decide(u, project.evidence[1].id, "confirm", "local", reason="<script>window.hacked=9</script>")
        from assistant.pipeline import score_use_case

        s.freeze_assessment(
            u, score_use_case(s, u, project.framework).assessment, project.framework, by="<b>x</b>", label="<script>1</script>"
        )
        talk = _hostile_interview(project)
        with Server(Path(os.environ["ASSISTANT_DATA_DIR"]), tmp_path / "log") as server, chromium() as browser:
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.on("dialog", lambda d: pytest.fail(f"a dialog opened: {d.message}"))
            link = make_link(talk, signing_key(get_settings()), utc_now())
            for path in (*PAGES, f"?k={link}"):
                open_page(page, f"{server.url}/{path}")
                assert page.evaluate("window.hacked") is None, path
                assert page.locator(".stMain img, .stMain script, .stMain a[href^=javascript], .stMain .katex").count() == 0, path
                assert page.locator("[data-testid=stException]").count() == 0, path
                # Nothing hangs over the page's edge, however long the names.
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), path
            open_page(page, f"{server.url}/review")
            text = page.locator(".stMain").inner_text()
            assert "window.hacked=2" in text or "**bold**" in text
            assert "\u202e" not in text


def _hostile_interview(project: Project) -> str:
    """Taken with a hostile respondent, not over; its id."""
    setup = Setup(respondent=NAME[:100], role="<script>window.hacked=10</script>**r**")
    talk = service.create(project.store, project.use_case.id, load_guide(), setup)
    conductor = service.conductor(project.store, talk, get_settings())
    state = conductor.consent(conductor.consent_text(), by="respondent")
    for words in EVIL:
        assert state.pending is not None
        state = conductor.answer(words, to=state.pending.seq)
    conductor.ask_own("<img src=x onerror=window.hacked=11> **why** [l](javascript:alert(1))", by="local")
    return talk


def test_killed_in_the_middle_nothing_is_lost_and_the_page_comes_back(project: Project, server: Server) -> None:
    u = project.use_case.id
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        open_page(page, f"{server.url}/review?uc={u}&qo=element")
        page.locator("[data-evidence]").wait_for()
        settled(page)
        for key in "au":
            press(page, key)
        here = shown(page)
        server.kill()
        assert len(project.store.decisions(u)) == 2
        server.start()
        # The open page connects again by itself; whoever closed it comes back by the address.
        page.wait_for_selector("[data-testid=stConnectionStatus]", state="detached", timeout=30_000)
        settled(page)
        page.wait_for_function("id => document.querySelector('[data-evidence]')?.dataset.evidence === id", arg=here, timeout=30_000)
        press(page, "a")
        assert [d.action for d in project.store.decisions(u)] == ["confirm", "unsure", "confirm"]
        assert "qo=element" in page.url
        again = browser.new_page()
        open_page(again, page.url)
        assert shown(again) == shown(page)


ROUNDS = int(os.environ.get("ASSISTANT_TEST_ROUNDS", "12"))
"""Decisions of each reviewer; 200 for the full measurement."""


def test_two_reviewers_at_once_lose_nothing(tmp_path: Path) -> None:
    answers = tuple(f"We do thing number {n} by hand, every week, on server {n}." for n in range(max(20, ROUNDS * 2 + 5)))
    with make_project(get_settings().resolved_database_url, data=teams_vtt("Bea Lund", answers)) as project:
        s, u = project.store, project.use_case.id
        _more(project)
        with Server(Path(os.environ["ASSISTANT_DATA_DIR"]), tmp_path / "log") as server, chromium() as browser:
            pages = [browser.new_context(viewport={"width": 1440, "height": 1000}).new_page() for _ in range(2)]
            for page in pages:
                open_page(page, f"{server.url}/review?uc={u}")
                page.locator("[data-evidence]").wait_for()
                settled(page)
            taken, refused = [], 0
            for _ in range(ROUNDS):
                before = [shown(page) for page in pages]
                for page in pages:
                    page.keyboard.press("a")
                for page, piece in zip(pages, before, strict=True):
                    page.wait_for_function(
                        "id => document.querySelector('[data-evidence]')?.dataset.evidence !== id || document.body.innerText.includes('Not saved')",
                        arg=piece, timeout=15_000,
                    )  # fmt: skip
                    settled(page)
                    if shown(page) == piece:
                        refused += 1
                        press(page, "n")
                    else:
                        taken.append(piece)
            decisions = s.decisions(u)
            assert sorted(d.evidence for d in decisions) == sorted(taken), "none lost, none invented"
            assert len({d.evidence for d in decisions}) == len(decisions), "none applied twice"
            assert len(taken) + refused == 2 * ROUNDS
            assert refused > 0, "both began at the same piece: somebody must have been refused"


def _more(project: Project) -> None:
    """A proposal for every answer."""
    from assistant.extraction.base import Coding, to_evidence
    from assistant.models import CodingResult, CodingTask, Role

    t, f = project.transcript, project.framework
    element = f.elements[0]
    found = [
        to_evidence(t, f.id, element, turn, Coding(element.id, turn.start, turn.end, stage_low=1, stage_high=1), "local/more")
        for turn in t.turns if turn.role is not Role.INTERVIEWER
    ]  # fmt: skip
    task = CodingTask(transcript=t, framework=f, engine="local", engine_version="more")
    run = project.store.begin_run(project.use_case.id, task)
    project.store.complete_run(run.id, CodingResult(key=task.key, evidence=tuple(found)))
