"""In real Chromium: every page read for contrast, names of controls, what fits the window, and the main path by finger on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ui_support import Project, Server, chromium, make_project, open_page, settled

from assistant.models import Polarity, Status
from assistant.pipeline import score_use_case
from assistant.settings import get_settings
from assistant.ui.access import AppRole, User
from assistant.ui.services import transcripts
from assistant.ui.services.transcripts import Coding
from assistant.ui.state import AssessmentView, ReviewView, TranscriptsView

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EVA = User("Eva", AppRole.ASSESSOR)
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"  # Streamlit closes its menu by itself where the browser says that it is a phone's.
PAGES = [
    "",
    *(f"transcripts?tv={view.value}" for view in TranscriptsView),
    *(f"review?rv={view.value}" for view in ReviewView),
    *(f"assessment?n=confirmed&av={view.value}" for view in AssessmentView),
    "frameworks",
    "settings",
]
CHARTS = (AssessmentView.RESULT.value, AssessmentView.PRACTICES.value)
CONTROLS = {"button", "checkbox", "combobox", "link", "radio", "searchbox", "slider", "spinbutton", "switch", "textbox"}
# Text of controls that are switched off may be faint; a slider writes its value beside its thumb, not on it.
READ = r"""() => {
  const parse = (text) => {
    const found = text.match(/rgba?\(([^)]+)\)/);
    if (!found) return null;
    const [r, g, b, a] = found[1].split(/[ ,\/]+/).map(Number);
    return [r, g, b, a === undefined ? 1 : a];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (c) => {
    const f = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]);
  };
  const ground = (element) => {
    const layers = [];
    for (let n = element; n; n = n.parentElement) {
      const colour = parse(getComputedStyle(n).backgroundColor);
      if (colour && colour[3] > 0) layers.push(colour);
      if (colour && colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const found = { faint: [], outside: [], small: [] };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const words = walk.currentNode.textContent.trim(), element = walk.currentNode.parentElement;
    if (!words || element.closest("svg, style, script, noscript, [disabled], [data-testid=stSliderThumbValue]")) continue;
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    if (box.width < 2 || box.height < 2 || style.visibility === "hidden" || !parse(style.color)) continue;
    let opacity = 1;
    for (let n = element; n; n = n.parentElement) opacity *= Number(getComputedStyle(n).opacity);
    if (opacity < 0.02) continue;
    const below = ground(element), colour = parse(style.color);
    const shown = over([colour[0], colour[1], colour[2], colour[3] * opacity], below);
    const [low, high] = [light(shown), light(below)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if ((high + 0.05) / (low + 0.05) < (large ? 3 : 4.5)) found.faint.push(words.slice(0, 40));
    if (element.closest(".stMain") && !element.closest(".tablewrap") && box.right > innerWidth + 1) found.outside.push(words.slice(0, 40));
  }
  for (const text of document.querySelectorAll(".assistant-pane svg text")) {
    const svg = text.ownerSVGElement, box = svg.getBoundingClientRect();
    const size = (parseFloat(text.getAttribute("font-size")) * box.width) / svg.viewBox.baseVal.width;
    if (box.width && size < 9) found.small.push(`${text.textContent.slice(0, 20)} at ${size.toFixed(1)}`);
  }
  return found;
}"""


@pytest.fixture
def coded(tmp_path: Path) -> Iterator[tuple[Project, Server]]:
    """A use case with confirmed, rejected, undecided and contradicting evidence, frozen once."""
    with make_project(get_settings().resolved_database_url) as project:
        s, u, f = project.store, project.use_case.id, project.framework
        for n, e in enumerate(project.evidence[:4]):
            s.decide(u, e.id, "reject" if n == 3 else "confirm", "local", reason="hearsay" if n == 3 else "")
        where = project.evidence[5]
        coding = Coding("deployment.process", 5, 5, f.element("deployment.process").statements[-1].id, Polarity.PRESENT, Status.CURRENT)
        transcripts.add_evidence(EVA, s, u, f, project.transcript.id, where.start, where.end, coding)
        s.freeze_assessment(u, score_use_case(s, u, f).assessment, f, by="local", label="First round")
        with Server(Path(os.environ["ASSISTANT_DATA_DIR"]), tmp_path / "log") as server:
            yield project, server


def unnamed(page: Page) -> list[str]:
    """Roles of controls that a screen reader has no name for."""
    session = page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    shown = [n for n in nodes if not n.get("ignored") and n.get("role", {}).get("value") in CONTROLS]
    return [n["role"]["value"] for n in shown if not str(n.get("name", {}).get("value") or "").strip()]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)])
def test_every_page_is_readable_named_and_fits(coded: tuple[Project, Server], scheme: Any, width: int) -> None:
    _, server = coded
    with chromium() as browser:
        page = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme).new_page()
        poor: dict[str, Any] = {}
        for path in PAGES:
            open_page(page, f"{server.url}/{path}")
            page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
            if path.endswith(CHARTS):
                page.locator(".assistant-pane svg:visible").first.wait_for()
            page.wait_for_timeout(200)
            found = page.evaluate(READ) | {"unnamed": unnamed(page)}
            poor |= {f"{path} {kind}": what for kind, what in found.items() if what}
        assert not poor
        open_page(page, f"{server.url}/assessment?n=confirmed")
        page.locator(".assistant-pane svg:visible").nth(2).wait_for()
        # Drawn for the place that they get, not squeezed into it.
        drawn = [
            int(n) for n in page.locator(".assistant-pane svg:visible").evaluate_all("all => all.map(svg => svg.viewBox.baseVal.width)")
        ]
        assert drawn == ([520, 460, 1000] if width == 1440 else [350, 350, 350])


def test_what_is_reached_by_the_keyboard_shows_it(coded: tuple[Project, Server]) -> None:
    _, server = coded
    ring = """() => {
      const shown = (n, up) => n && up && ((s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0)
        || s.boxShadow !== "none" || shown(n.parentElement, up - 1))(getComputedStyle(n));
      const e = document.activeElement;
      return [e.tagName, e.getAttribute("aria-label") || e.textContent.trim().slice(0, 30), shown(e, 4)];
    }"""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        for path in ("", "review", "transcripts?tv=Read", "assessment?n=confirmed", "settings"):
            open_page(page, f"{server.url}/{path}")
            for _ in range(24):
                page.keyboard.press("Tab")
                # Looked at again while it comes: on a busy machine the page may just be drawn anew. The page itself can be reached, to be
                # scrolled by keys.
                for _ in range(20):
                    tag, name, shown = page.evaluate(ring)
                    if shown or tag in ("MAIN", "BODY"):
                        break
                    page.wait_for_timeout(100)
                assert shown or tag in ("MAIN", "BODY"), f"{path}: {tag} {name}"
        open_page(page, f"{server.url}/transcripts?tv=Read")
        page.locator(".reader mark").first.focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Review it").wait_for()


def test_what_was_clicked_or_found_moves_only_its_own_box(coded: tuple[Project, Server]) -> None:
    _, server = coded
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 700})
        open_page(page, f"{server.url}/transcripts?tv=Read")
        mark = page.locator(".reader mark").last
        mark.scroll_into_view_if_needed()
        before = page.locator(".stMain").evaluate("main => main.scrollTop")
        mark.click()
        page.get_by_role("button", name="Review it").wait_for()
        page.wait_for_timeout(300)
        assert page.locator(".stMain").evaluate("main => main.scrollTop") == before


def test_edit_takes_words_that_are_selected_with_the_mouse(coded: tuple[Project, Server]) -> None:
    project, server = coded
    e = project.evidence[4]
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        open_page(page, f"{server.url}/review?qw=all&e={e.id}")
        page.locator("[data-evidence]").wait_for()
        before = page.locator(".context").bounding_box()
        page.keyboard.press("e")
        page.locator(".st-key-edit-box").wait_for()
        page.locator(".assistant-pane .context mark").wait_for()
        settled(page)
        assert page.locator(".context").bounding_box() == before
        box = page.locator(".assistant-pane .context mark").bounding_box()
        assert box is not None
        page.mouse.dblclick(box["x"] + 6, box["y"] + 8)
        field = page.get_by_label("Words of the answer")
        page.wait_for_function("field => field.value === 'Next'", arg=field.element_handle())
        settled(page)
        page.get_by_role("button", name="Save the edit").click()
        page.locator(".st-key-edit-box").wait_for(state="detached")
        after = project.store.decisions(project.use_case.id, evidence=e.id)[-1].after or {}
        assert after["quote"] == "Next"


def phone(browser: Browser) -> Page:
    """A page as a phone shows it."""
    found = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, user_agent=PHONE).new_page()
    found.set_default_timeout(20_000)
    return found


CHOOSE = """(pane) => {
  const piece = [...pane.querySelectorAll(".turn:not(.interviewer) [data-o]")].find((n) => n.textContent.includes("colleague"));
  const range = document.createRange(), node = piece.firstChild, at = node.textContent.indexOf("colleague");
  range.setStart(node, at);
  range.setEnd(node, at + "colleague".length);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""
FINGER = '(pane) => pane.dispatchEvent(new PointerEvent("pointerdown", { pointerType: "touch", bubbles: true }))'


def test_review_trace_and_reading_by_finger(coded: tuple[Project, Server]) -> None:
    project, server = coded
    with chromium() as browser:
        page = phone(browser)
        open_page(page, f"{server.url}/review")
        page.locator("[data-evidence]").wait_for()
        page.get_by_role("button", name="Reject").tap()
        _in_sight(page, "Why does it not count?")
        page.get_by_role("button", name="Does not say so").tap()
        page.get_by_text("Why does it not count?").wait_for(state="detached")
        assert project.store.decisions(project.use_case.id)[-1].reason == "Does not say so"
        page.get_by_test_id("stExpandSidebarButton").tap()
        page.get_by_role("link", name="Assessment").tap()
        page.locator(".narrow a[href='#go:data.versioning'] text").first.tap()
        page.get_by_text("What it rests on").wait_for()
        settled(page)
        page.get_by_role("button", name="Read", exact=True).first.tap()
        page.locator(".reader mark.at-focus").wait_for()
        settled(page)
        pane = page.locator(".assistant-pane:has(.reader)")
        pane.evaluate(FINGER)
        pane.evaluate(CHOOSE)
        _in_sight(page, "New evidence")
        settled(page)
        add = page.get_by_role("button", name="Add", exact=True)
        add.tap()
        add.wait_for(state="detached")
        # A browser tells of one selection more than once; said again after "Add", it must not open the form anew.
        pane.evaluate(CHOOSE)
        page.wait_for_timeout(1_000)
        settled(page)
        assert add.count() == 0
        mine = [e for e in project.store.current_evidence(project.use_case.id) if e.engine == "person/local"]
        assert [e.quote for e in mine] == ["colleague"]


def _in_sight(page: Page, words: str) -> None:
    """The page has come to the words: they stand right below the app's header."""
    page.get_by_text(words).wait_for()
    # A tap while the page still moves would land elsewhere.
    page.locator(".assistant-show[data-rests]").first.wait_for(state="attached")
    page.wait_for_function(
        "words => [...document.querySelectorAll('.stMain b, .stMain h3')].some(n => n.textContent.startsWith(words)"
        " && n.getBoundingClientRect().top > 50 && n.getBoundingClientRect().bottom < 250)",
        arg=words,
    )
