"""In real Chromium: evidence by hand from selected words, and the way from a chart to a quote to its transcript."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ui_support import Server, chromium, make_project, open_page, settled, teams_vtt

from assistant.settings import get_settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SELECT = """([piece, start, end]) => {
  const node = [...document.querySelectorAll('.reader [data-o]')].find(n => n.textContent.includes(piece)).firstChild;
  const range = document.createRange();
  range.setStart(node, start); range.setEnd(node, end);
  const selection = getSelection(); selection.removeAllRanges(); selection.addRange(range);
  node.parentElement.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
}"""


def test_words_become_evidence_at_their_place_and_charts_lead_to_them(tmp_path: Path) -> None:
    said = "🙂🙂 We \u202dshadow deploy\u202c every model, שלום, for two weeks first."
    with make_project(get_settings().resolved_database_url, data=teams_vtt("Bea Lund", ("We do it by hand.", said))) as project:
        s, u, t = project.store, project.use_case.id, project.transcript
        start = t.text.index("shadow")
        with Server(Path(os.environ["ASSISTANT_DATA_DIR"]), tmp_path / "log") as server, chromium() as browser:
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            open_page(page, f"{server.url}/transcripts?uc={u}&tv=Read&t={t.id}")
            page.locator(".reader").wait_for()
            text = page.evaluate(
                "[...document.querySelectorAll('.reader [data-o]')].find(n => n.textContent.includes('shadow')).textContent"
            )
            at = text.index("shadow")
            # The browser counts UTF-16 units: every smiley is two.
            units = len(text[:at].encode("utf-16-le")) // 2
            page.evaluate(SELECT, ["shadow", units, units + len("shadow deploy")])
            page.get_by_text("New evidence").wait_for()
            settled(page)
            page.get_by_role("button", name="Add", exact=True).click()
            page.get_by_text("Evidence added and confirmed").wait_for()
            mine = [e for e in s.current_evidence(u) if e.engine == "person/local"]
            assert [(e.quote, e.start, e.state.value) for e in mine] == [("shadow deploy", start, "confirmed")]
            open_page(page, f"{server.url}/assessment?uc={u}&n=confirmed")
            name = project.framework.element(mine[0].element).name
            page.locator("a[href='#go:" + mine[0].element + "']").first.click()
            page.get_by_text("What it rests on").wait_for()
            settled(page)
            assert "shadow deploy" in page.locator(".stMain").inner_text()
            assert name
            page.get_by_role("button", name="Read", exact=True).click()
            page.locator(".reader mark.at-focus").wait_for()
            assert page.locator(".reader mark.at-focus").text_content() == "shadow deploy"
