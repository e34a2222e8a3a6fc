"""How fast the app is with 5,000 pieces of evidence in 60 transcripts, measured in Chromium beside an empty Streamlit page.

    python -m benchmarks.ui [--decisions 500]

Seconds from the request to the sight, and MB of the server. Budgets (medians): first piece of Review 2 s, the next after a key 400 ms, Assessment 3 s; the server's memory flat over 500 decisions.
Exits with 1 where one is missed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.evaluation import parser_of
from benchmarks.ui_data import build

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "ui"))

from ui_support import IDLE, Server, chromium, free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BUDGET = {"review first": 2.0, "review next": 0.4, "assessment": 3.0}
EMPTY = 'import streamlit as st\nst.title("Empty")\n'
LIMIT = 0.10
"""Growth of memory over the second half of the decisions that counts as flat."""


CLOCK = """
window.marked = 0;
const look = () => { if (document.querySelector(MARK)) window.marked = performance.now(); else requestAnimationFrame(look); };
requestAnimationFrame(look);
"""
"""The browser's own clock, from the start of the navigation until the mark is in the page."""


def opened(browser: Browser, url: str, mark: str) -> float:
    """Seconds from a fresh browser's request, nothing cached, until the mark is on the page."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.add_init_script(CLOCK.replace("MARK", repr(mark)))
    page.goto(url)
    took = page.wait_for_function("window.marked", timeout=60_000, polling=50).json_value()
    context.close()
    return float(str(took)) / 1000


def gone_to(page: Page, url: str, menu: str, mark: str) -> float:
    """Seconds from a click in the menu, in an app that is open, until the mark is on the page."""
    page.goto(url)
    page.wait_for_selector("h1")
    page.wait_for_selector(IDLE)
    start = page.evaluate("performance.now()")
    page.get_by_role("link", name=menu).click()
    done = page.wait_for_function(f"document.querySelector({mark!r}) ? performance.now() : false", polling="raf", timeout=30_000)
    return (float(str(done.json_value())) - float(start)) / 1000


def empty_page(browser: Browser, folder: Path) -> float:
    """The same for an empty Streamlit page on this machine."""
    script, port = folder / "empty.py", free_port()
    script.write_text(EMPTY)
    options = [
        "--server.port",
        str(port),
        "--server.headless",
        "true",
        "--server.address",
        "127.0.0.1",
        "--browser.gatherUsageStats",
        "false",
    ]
    with subprocess.Popen([sys.executable, "-m", "streamlit", "run", str(script), *options], stdout=subprocess.DEVNULL) as process:
        try:
            time.sleep(4)
            opened(browser, f"http://127.0.0.1:{port}", "h1")
            return statistics.median(opened(browser, f"http://127.0.0.1:{port}", "h1") for _ in range(5))
        finally:
            process.kill()


def next_pieces(page: Page, server: Server, number: int) -> tuple[list[float], list[int]]:
    """Seconds from a key until another piece is shown, and the server's memory now and then."""
    times, memory = [], []
    for n in range(number):
        before = page.locator("[data-evidence]").first.get_attribute("data-evidence")
        start = page.evaluate("performance.now()")
        page.keyboard.press("a" if n % 3 else "u")
        done = page.wait_for_function(
            "id => { const e = document.querySelector('[data-evidence]'); return e && e.dataset.evidence !== id ? performance.now() : false }",
            arg=before, polling="raf", timeout=30_000,
        )  # fmt: skip
        times.append((float(str(done.json_value())) - start) / 1000)
        page.wait_for_selector(IDLE)
        if n % 25 == 0:
            memory.append(server.memory())
    memory.append(server.memory())
    return times, memory


def measure(decisions: int) -> dict[str, float]:
    """All figures, in seconds, bytes and ratios."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        use_case = build(f"sqlite:///{folder / 'assistant.sqlite3'}").id
        figures["empty page"] = empty_page(browser, folder)
        with Server(folder, folder / "log") as server:
            opened(browser, server.url, "h1")
            review, assessment = f"{server.url}/review?uc={use_case}", f"{server.url}/assessment?uc={use_case}&n=confirmed"
            figures["review first"] = statistics.median(opened(browser, review, "[data-evidence]") for _ in range(5))
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            home = f"{server.url}/?uc={use_case}"
            figures["review from the menu"] = statistics.median(gone_to(page, home, "Review", "[data-evidence]") for _ in range(5))
            page.goto(review)
            page.wait_for_selector("[data-evidence]")
            page.wait_for_selector(IDLE)
            times, memory = next_pieces(page, server, decisions)
            figures["review next"] = statistics.median(times)
            figures["review next, 95th percentile"] = sorted(times)[int(len(times) * 0.95)]
            figures["memory start MB"], figures["memory end MB"] = memory[0] / 1e6, memory[-1] / 1e6
            half = memory[len(memory) // 2]
            figures["memory growth, second half"] = (memory[-1] - half) / half
            found = []
            for _ in range(5):
                # A decision in between: nothing is served from the last opening.
                next_pieces(page, server, 1)
                found.append(opened(browser, assessment, ".headline"))
            figures["assessment"] = statistics.median(found)
            figures["assessment again"] = opened(browser, assessment, ".headline")
    for key in ("review first", "assessment"):
        figures[f"{key}, times an empty page"] = figures[key] / figures["empty page"]
    return figures


def main() -> int:
    """Prints the figures; 1 where a budget is missed."""
    parser = parser_of(__doc__)
    parser.add_argument("--decisions", type=int, default=500, help="keys pressed in Review")
    figures = measure(parser.parse_args().decisions)
    for name, value in figures.items():
        print(f"{name:<36}{value:8.3f}{f'   budget {BUDGET[name]}' if name in BUDGET else ''}")
    missed = [name for name, limit in BUDGET.items() if figures[name] > limit]
    if figures["memory growth, second half"] > LIMIT:
        missed.append("memory")
    print("missed: " + ", ".join(missed) if missed else "all budgets kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
