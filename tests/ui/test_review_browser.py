"""In real Chromium: what a press and the keyboard do at once. AppTest knows neither focus nor blur."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ui_support import Project, Server, chromium, make_project, open_page, settled

from assistant.models import Decision
from assistant.settings import get_settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Project, Page, str]]:
    """A project, a page, and the address of the app."""
    with (
        make_project(get_settings().resolved_database_url) as project,
        Server(Path(os.environ["ASSISTANT_DATA_DIR"]), tmp_path / "log") as server,
        chromium() as browser,
    ):
        yield project, browser.new_page(viewport={"width": 1440, "height": 1000}), server.url


def _piece(opened: tuple[Project, Page, str], number: int, key: str) -> str:
    """Opens a piece and presses a key; gives its id."""
    project, page, url = opened
    e = project.evidence[number].id
    open_page(page, f"{url}/review?uc={project.use_case.id}&e={e}")
    page.locator(f"[data-evidence={e}]").wait_for()
    settled(page)
    page.keyboard.press(key)
    return e


def _decided(opened: tuple[Project, Page, str], evidence: str) -> list[Decision]:
    """Decisions on the piece, once the next one is shown."""
    project, page, _ = opened
    page.locator(f"[data-evidence={evidence}]").wait_for(state="detached")
    settled(page)
    return list(project.store.decisions(project.use_case.id, evidence=evidence))


def test_what_is_typed_is_what_is_decided(opened: tuple[Project, Page, str]) -> None:
    _, page, _ = opened
    e = _piece(opened, 1, "e")
    words = page.locator(".st-key-edit-box textarea")
    words.fill("there is no alert")
    words.press("Control+Enter")
    page.locator(".st-key-edit-box").wait_for(state="detached")
    settled(page)
    project = opened[0]
    taken = project.store.decisions(project.use_case.id, evidence=e)
    assert [(d.action, (d.after or {})["quote"]) for d in taken] == [("edit", "there is no alert")]

    e = _piece(opened, 2, "x")
    reason = page.locator(".st-key-reject-box input")
    reason.fill("it was a joke")
    reason.press("Enter")
    assert [(d.action, d.reason) for d in _decided(opened, e)] == [("reject", "it was a joke")]

    e = _piece(opened, 3, "x")
    page.locator(".st-key-reject-box input").fill("hm, not su")
    page.get_by_role("button", name="Accept").first.click()
    assert [d.action for d in _decided(opened, e)] == ["confirm"]

    e = _piece(opened, 4, "x")
    page.locator(".st-key-reject-box input").fill("hm, not su")
    page.get_by_role("button", name="Close").click()
    page.locator(".st-key-reject-box").wait_for(state="detached")
    settled(page)
    assert not project.store.decisions(project.use_case.id, evidence=e)


def test_marks_are_pressed_by_space_and_enter_and_keep_the_focus(opened: tuple[Project, Page, str]) -> None:
    # The browser's client may be missing: then `chromium` skips.
    from playwright.sync_api import expect

    project, page, url = opened
    open_page(page, f"{url}/transcripts?uc={project.use_case.id}&tv=Read&t={project.transcript.id}")
    for number, key in ((0, "Space"), (1, "Enter")):
        e = project.evidence[number].id
        mark = page.locator(f"mark[data-go={e}]").first
        mark.focus()
        page.keyboard.press(key)
        page.locator(f"mark.at-focus[data-go={e}]").first.wait_for()
        expect(page.get_by_role("button", name="Review it")).to_be_visible()
        settled(page)
        expect(page.locator(f"mark[data-go={e}]").first).to_be_focused()
