"""The whole path as a person walks it, in real Chromium: upload, code, review by keys, freeze, download, reopen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ui_support import Server, chromium, open_page, settled

from assistant.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SAMPLE = Path(__file__).parents[2] / "transcripts" / "a-statistics.vtt"


def press(page: Page, key: str, gone: str) -> str:
    """A key of the review; gives the piece that comes after the one that it was pressed on."""
    page.keyboard.press(key)
    page.wait_for_function("id => document.querySelector('[data-evidence]')?.dataset.evidence !== id", arg=gone, timeout=15_000)
    settled(page)
    return shown(page)


def shown(page: Page) -> str:
    """The piece of evidence under review."""
    return page.locator("[data-evidence]").first.get_attribute("data-evidence") or ""


def test_from_upload_to_frozen_assessment(server: Server, tmp_path: Path) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        _create_and_code(page, server)
        with Store.open(f"sqlite:///{server.data_dir}/assistant.sqlite3") as store:
            use_case = store.use_cases()[0].id
            assert sum(store.counts(use_case).values()) > 20
            _review(page, server, store, use_case)
            _freeze_and_download(page, tmp_path, store, use_case)


def _create_and_code(page: Page, server: Server) -> None:
    open_page(page, server.url)
    page.get_by_label("Organisation").click()
    page.keyboard.type("Norrmark")
    page.keyboard.press("Enter")
    page.get_by_label("Use case").last.fill("Call scheduling")
    page.get_by_role("button", name="Create").click()
    page.get_by_text("Go on: add and code interviews").click()
    page.get_by_role("heading", name="Transcripts").wait_for()
    page.get_by_role("button", name="Add files").last.click()
    page.locator("input[type=file]").set_input_files(
        [
            {"name": "empty.vtt", "mimeType": "text/vtt", "buffer": b""},
            {"name": SAMPLE.name, "mimeType": "text/vtt", "buffer": SAMPLE.read_bytes()},
        ]
    )
    page.get_by_text("The file is empty").wait_for()
    page.get_by_role("button", name="Save 1 transcript").click()
    page.get_by_role("button", name="Code 1 transcript").click()
    page.get_by_text("of evidence to review").wait_for(timeout=60_000)


def _review(page: Page, server: Server, store: Store, use_case: str) -> None:
    found = sum(store.counts(use_case).values())
    page.get_by_role("link", name="Review").click()
    page.locator("[data-evidence]").wait_for()
    settled(page)
    second = press(page, "a", shown(page))
    page.keyboard.press("x")
    page.get_by_text("Why does it not count?").wait_for()
    settled(page)
    third = press(page, "2", second)
    fourth = press(page, "u", third)
    assert press(page, "z", fourth) == third
    press(page, "a", third)
    states = {state.value: n for state, n in store.counts(use_case).items() if n}
    assert states == {"proposed": found - 3, "confirmed": 2, "rejected": 1}
    page.get_by_role("radio", name="Several at once").or_(page.get_by_role("button", name="Several at once")).click()
    slider = page.get_by_role("slider").first
    slider.wait_for()
    slider.focus()
    page.keyboard.press("Home")
    page.get_by_role("button", name=f"Accept these {found - 3}").click()
    page.get_by_text("Nothing undecided is that sure").wait_for(timeout=30_000)
    assert {state.value: n for state, n in store.counts(use_case).items() if n} == {"confirmed": found - 1, "rejected": 1}
    assert server.url in page.url


def _freeze_and_download(page: Page, tmp_path: Path, store: Store, use_case: str) -> None:
    page.get_by_role("link", name="Assessment").click()
    page.get_by_text("of 17 elements rated").wait_for(timeout=30_000)
    page.get_by_role("button", name="Frozen").or_(page.get_by_role("radio", name="Frozen")).click()
    page.get_by_label("Freeze the present result as").fill("First round")
    page.get_by_role("button", name="Freeze", exact=True).click()
    page.locator(".stMain").get_by_test_id("stBaseButton-secondary").get_by_text("Open", exact=True).click()
    page.get_by_text("recomputes to the byte").wait_for()
    frozen = store.assessments(use_case)[0]
    for name, suffix in (("HTML", "html"), ("Markdown", "md"), ("JSON", "json")):
        with page.expect_download() as started:
            page.get_by_role("button", name=f"Download {name}").click()
        target = tmp_path / f"report.{suffix}"
        started.value.save_as(target)
        text = target.read_text("utf-8")
        assert frozen.hash[:12] in text
        if suffix == "json":
            assert json.loads(text)["assessment"]["hash"] == frozen.hash
    address = page.url
    again = page.context.browser.new_page() if page.context.browser else page
    open_page(again, address)
    again.get_by_text("recomputes to the byte").wait_for()
    assert "First round" in (again.locator(".stMain h2").first.text_content() or "")
