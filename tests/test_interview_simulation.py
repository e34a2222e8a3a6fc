"""Two simulated interviews with the real engine: nothing repeated, no cap broken, nothing bad shown, faster than the order of the guide."""

from __future__ import annotations

import pytest

from assistant.embeddings import make_embedder
from assistant.frameworks import load_framework
from assistant.interview.coding import KeepingEmbedder, LiveCoder, live_engine
from assistant.settings import get_settings
from benchmarks.interview import OVERRUN, SETTLED, Result, misses, run
from benchmarks.respondents import COMPANIES, Understanding, detail, load, own_words


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """One cooperative respondent, in our order and, for the half hour that is compared, in the guide's."""
    framework, settings = load_framework(), get_settings()
    coder, embedder = LiveCoder(live_engine(framework, settings), framework), KeepingEmbedder(make_embedder(settings))
    ours = run("f-gaming", "cooperative", "coverage", framework, coder, embedder)
    return {"coverage": ours, "guide": run("f-gaming", "cooperative", "guide", framework, coder, embedder, budget=32)}


def test_nothing_repeated_broken_or_bad(results: dict[str, Result]) -> None:
    for r in results.values():
        assert (r.repeats, r.caps, r.bad) == (0, 0, 0)
        assert r.minutes <= 60 + OVERRUN
        assert r.kinds["asked"] > 10


def test_most_is_settled_and_sooner_than_in_guide_order(results: dict[str, Result]) -> None:
    ours, theirs = results["coverage"], results["guide"]
    assert ours.at[60] >= SETTLED
    assert ours.at[30] >= 1.3 * theirs.at[30]
    assert ours.right >= 0.5 * ours.settled
    assert misses(list(results.values())) == []


def test_a_missed_aim_is_named(results: dict[str, Result]) -> None:
    poor = Result(**{**vars(results["coverage"]), "at": dict.fromkeys(results["coverage"].at, 9), "bad": 2, "caps": 1, "minutes": 99.0})
    found = "\n".join(misses([poor, results["guide"]]))
    for part in ("9 of 17 settled", "2 bad wordings shown", "1 broken caps", "99 minutes", "x what guide order"):
        assert part in found


@pytest.mark.parametrize(
    ("asked", "subject", "wanted"),
    [
        ("How do you store features?", "data.feature_store", "practice"),
        ("Who or what records the settings of a run?", "model.reproducibility", "automation"),
        ("How often do you retrain your models?", "operations.retraining_frequency", "frequency"),
        ("How is code looked at by others before it is used?", "model.code_versioning", "practice"),
    ],
)
def test_respondents_understand_from_the_words_alone(asked: str, subject: str, wanted: str) -> None:
    understanding = Understanding(KeepingEmbedder(make_embedder(get_settings())))
    assert understanding.subject(asked, "", "") == subject
    assert detail(asked) == wanted


def test_everybody_has_words_for_everything() -> None:
    """A hole would stop a simulated interview half way."""
    details = {"practice", "automation", "agreement", "frequency", "example"}
    for company in map(load, COMPANIES):
        for subject, words in own_words()["subjects"].items():
            if not subject.endswith("frequency"):
                assert set(words[company.level(subject)]) == details, (company.name, subject)
