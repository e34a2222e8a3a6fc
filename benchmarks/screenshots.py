"""Every page of the app with real data, light and dark, wide and narrow, to be looked at.

    python -m benchmarks.screenshots [--out out/screenshots] [--only review]

Real data: the sample interviews, coded, one of them reviewed and frozen; interviews with the respondents of the simulation.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embeddings import make_embedder
from assistant.extraction.engines import make_engine
from assistant.frameworks import load_framework
from assistant.interview import load_guide, service
from assistant.interview.coding import KeepingEmbedder
from assistant.interview.engine import Setup
from assistant.interview.links import make_link, signing_key
from assistant.models import Framework
from assistant.pipeline import code_use_case, score_use_case
from assistant.settings import get_settings
from assistant.store import EvidenceEdit, EvidenceFilter, Store
from assistant.store.clock import utc_now
from assistant.ui import samples
from benchmarks.evaluation import parser_of
from benchmarks.respondents import COMPANIES, Respondent

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "ui"))

from ui_support import Server, chromium, open_page, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = {
    "home": "",
    "transcripts": "transcripts",
    "transcripts-add": "transcripts?tv=Add+files",
    "transcripts-read": "transcripts?tv=Read",
    "transcripts-search": "transcripts?tv=Search",
    "review": "review",
    "review-conflicts": "review?rv=Conflicts",
    "review-elements": "review?rv=Elements",
    "review-several": "review?rv=Several+at+once",
    "review-last": "review?rv=Last+decisions",
    "assessment": "assessment",
    "assessment-trace": "assessment?av=Trace",
    "assessment-policies": "assessment?av=Policies",
    "assessment-practices": "assessment?av=Practice+codes",
    "assessment-unknown": "assessment?av=Unknown",
    "assessment-what-if": "assessment?av=What+if",
    "assessment-frozen": "assessment?av=Frozen",
    "frameworks": "frameworks",
    "settings": "settings",
}


def _key(key: str) -> Callable[[Page], None]:
    return lambda page: page.keyboard.press(key)


def _write(field: str, words: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_label(field).fill(words)
        page.keyboard.press("Enter")

    return act


def _click(name: str) -> Callable[[Page], None]:
    return lambda page: page.locator(".stMain").get_by_role("button", name=name, exact=True).first.click()


def _files(page: Page) -> None:
    good = samples.sample_files()[1]
    files = [("empty.vtt", b""), (good.name, good.read_bytes())]
    page.locator("input[type=file]").set_input_files([{"name": n, "mimeType": "text/vtt", "buffer": data} for n, data in files])
    page.get_by_role("button", name="Save 1 transcript").wait_for()


# States that a page reaches by something done on it.
STATES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "home-manage": ("", _click("Manage")),
    "transcripts-add-preview": ("transcripts?tv=Add+files", _files),
    "transcripts-read-quote": ("transcripts?tv=Read", lambda page: page.locator(".reader mark").first.click()),
    "transcripts-search-found": ("transcripts?tv=Search", _write("Search in all transcripts", "somebody approves a release by hand")),
    "review-reject": ("review", _key("x")),
    "review-edit": ("review", _key("e")),
    "review-queue": ("review", _click("Queue")),
    "assessment-frozen-open": ("assessment?av=Frozen", lambda page: page.locator("[class*=st-key-frozen-] button").first.click()),
    "frameworks-search": ("frameworks", _write("Search by meaning", "who approves a release")),
    "frameworks-browse": ("frameworks", lambda page: page.get_by_text("Deployment: 3 elements").click()),
}


def _disagree(store: Store, use_case: str, framework: Framework) -> None:
    """Two pieces of one element, set to its first and its last statement by hand: a conflict to look at."""
    items = store.evidence(use_case, EvidenceFilter(elements=("deployment.process",)), limit=2).items
    statements = framework.element("deployment.process").statements
    for item, s in zip(items, (statements[0], statements[-1]), strict=False):
        e = item.evidence
        edit = EvidenceEdit(
            start=e.start, end=e.end, element=e.element, stage_low=s.stage_low, stage_high=s.stage_high, statement=s.id,
            polarity=e.polarity, status=e.status, codes=e.codes,
        )  # fmt: skip
        store.decide(use_case, e.id, "edit", "local", edit=edit)


def prepare(url: str) -> None:
    """Samples coded; the first one reviewed and frozen twice."""
    framework = load_framework()
    engine = make_engine("local", framework, get_settings())
    with Store.open(url) as store:
        ids = samples.create(store)
        for use_case in ids[:3]:
            code_use_case(store, use_case, framework, engine, by=samples.BY)
        _disagree(store, ids[0], framework)
        first = ids[0]
        items = store.evidence(first, EvidenceFilter(), limit=200).items
        for n, item in enumerate(items[:24]):
            action, reason = ("reject", "Does not say so") if n % 9 == 4 else ("confirm", "")
            store.decide(first, item.evidence.id, action, "local", reason=reason)  # type: ignore[arg-type]
            if n == 12:
                result = score_use_case(store, first, framework)
                store.freeze_assessment(first, result.assessment, framework, by="local", label="First round")


def interviews(url: str, data_dir: Path) -> dict[str, str]:
    """Interviews of the first use case, by the respondents of the simulation: under way, over, watched, by link. Gives their pages."""
    settings = get_settings().model_copy(update={"data_dir": data_dir})
    embedder = KeepingEmbedder(make_embedder(settings))
    taken: dict[str, str] = {}
    people = (("conduct", "Bea Lund", "data scientist", "copilot", 18), ("over", "Carl Nyberg", "ML engineer", "self-service", 400),
              ("watch", "Respondent 3", "product owner", "self-service", 8), ("begin", "Respondent 4", "", "self-service", 0))  # fmt: skip
    with Store.open(url) as store:
        use_case = store.use_cases()[0].id
        for n, (title, name, role, mode, answers) in enumerate(people):
            talk = taken[title] = service.create(store, use_case, load_guide(), Setup(mode=mode, respondent=name, role=role))  # type: ignore[arg-type]
            conductor, respondent = service.conductor(store, talk, settings), Respondent(COMPANIES[n], "cooperative", embedder, None)
            state = conductor.consent(conductor.consent_text(), by="respondent") if answers else conductor.ledger
            for _ in range(answers):
                if state.pending is None:
                    break
                state = conductor.answer(respondent.reply(state.pending.text), to=state.pending.seq)
            if state.over:
                service.keep_transcript(store, talk)
    links = {title: make_link(taken[title], signing_key(settings), utc_now()) for title in ("over", "watch", "begin")}
    return {
        "interview": "interview?iv=Interviews",
        **{f"interview-{title}": f"interview?iv=Conduct&i={taken[title]}" for title in ("conduct", "over", "watch")},
        "interview-together": "interview?iv=All+together",
        "interview-guide": "interview?iv=Guide",
        "answer-consent": f"?k={links['begin']}",
        "answer-question": f"?k={links['watch']}",
        "answer-over": f"?k={links['over']}",
    }


def _all(page: Page, server: Server, out: Path, only: str, suffix: str, more: dict[str, str]) -> None:
    """Every page and state whose name begins with ``only``."""
    todo = {title: (path, None) for title, path in (PAGES | more).items()} | STATES
    for title, (path, act) in todo.items():
        if title.startswith(only):
            open_page(page, f"{server.url}/{path}")
            if act is not None:
                act(page)
                settled(page)
            page.wait_for_timeout(500)
            _whole(page, out / f"{title}-{suffix}.png")


def main() -> int:
    """Takes them all; prints where they are."""
    parser = parser_of(__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/screenshots"), help="folder for the pictures")
    parser.add_argument("--only", default="", help="pages whose name begins so")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        full, bare = Path(name) / "full", Path(name) / "bare"
        full.mkdir()
        bare.mkdir()
        url = f"sqlite:///{full / 'assistant.sqlite3'}"
        prepare(url)
        more = interviews(url, full)
        with Server(full, Path(name) / "log") as server, Server(bare, Path(name) / "log") as empty, chromium() as browser:
            for scheme in ("light", "dark"):
                for width in (1440, 390):
                    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)  # type: ignore[arg-type]
                    page = context.new_page()
                    _all(page, server, options.out, options.only, f"{scheme}-{width}", more)
                    if "first-visit".startswith(options.only):
                        open_page(page, empty.url)
                        _whole(page, options.out / f"first-visit-{scheme}-{width}.png")
                    context.close()
    print(options.out)
    return 0


def _whole(page: Page, path: Path) -> None:
    """The page scrolls inside itself: the window is made as tall as it needs."""
    width = page.viewport_size["width"] if page.viewport_size else 1440
    page.set_viewport_size({"width": width, "height": 1000})
    height = page.evaluate("document.querySelector('.stMainBlockContainer').scrollHeight + 40")
    page.set_viewport_size({"width": width, "height": max(700, min(int(height), 3200))})
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_timeout(250)
    page.screenshot(path=str(path))
    if page.get_by_test_id("stException").count():
        raise SystemExit(f"{path}: the page has an error")
    page.set_viewport_size({"width": width, "height": 1000})


if __name__ == "__main__":
    sys.exit(main())
