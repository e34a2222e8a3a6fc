"""Every page of the app with real data, light and dark, wide and narrow, to be looked at.

    python -m benchmarks.screenshots [--out out/screenshots] [--only review]

Real data: the sample interviews, coded, one of them reviewed and frozen.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from assistant.extraction.engines import make_engine
from assistant.frameworks import load_framework
from assistant.pipeline import code_use_case, score_use_case
from assistant.settings import get_settings
from assistant.store import EvidenceFilter, Store
from assistant.ui import samples

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "ui"))

from ui_support import Server, chromium, open_page

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


def prepare(url: str) -> None:
    """Samples coded; the first one reviewed and frozen twice."""
    framework = load_framework()
    engine = make_engine("local", framework, get_settings())
    with Store.open(url) as store:
        ids = samples.create(store)
        for use_case in ids[:3]:
            code_use_case(store, use_case, framework, engine, by=samples.BY)
        first = ids[0]
        items = store.evidence(first, EvidenceFilter(), limit=200).items
        for n, item in enumerate(items[:24]):
            action, reason = ("reject", "Does not say so") if n % 9 == 4 else ("confirm", "")
            store.decide(first, item.evidence.id, action, "local", reason=reason)  # type: ignore[arg-type]
            if n == 12:
                result = score_use_case(store, first, framework)
                store.freeze_assessment(first, result.assessment, framework, by="local", label="First round")


def main() -> int:
    """Takes them all; prints where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/screenshots"))
    parser.add_argument("--only", default="", help="Pages whose name begins so.")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        prepare(f"sqlite:///{Path(name) / 'assistant.sqlite3'}")
        with Server(Path(name), Path(name) / "log") as server, chromium() as browser:
            for scheme in ("light", "dark"):
                for width in (1440, 390):
                    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)  # type: ignore[arg-type]
                    page = context.new_page()
                    for title, path in PAGES.items():
                        if title.startswith(options.only):
                            open_page(page, f"{server.url}/{path}")
                            page.wait_for_timeout(500)
                            _whole(page, options.out / f"{title}-{scheme}-{width}.png", width)
                    context.close()
    print(options.out)
    return 0


def _whole(page: object, path: Path, width: int) -> None:
    """The page scrolls inside itself: the window is made as tall as it needs."""
    page.set_viewport_size({"width": width, "height": 1000})  # type: ignore[attr-defined]
    height = page.evaluate("document.querySelector('.stMainBlockContainer').scrollHeight + 40")  # type: ignore[attr-defined]
    page.set_viewport_size({"width": width, "height": max(700, min(int(height), 3200))})  # type: ignore[attr-defined]
    page.wait_for_timeout(150)  # type: ignore[attr-defined]
    page.screenshot(path=str(path))  # type: ignore[attr-defined]
    page.set_viewport_size({"width": width, "height": 1000})  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
