"""What an address or an earlier choice names may be nonsense or gone: Review goes on all the same."""

from __future__ import annotations

import math

import pytest
from test_review_forms import labelled, run, text
from ui_support import Project

from assistant.ui import state
from assistant.ui.services.reviewing import Queue, Waiting
from assistant.ui.state import AppState, ReviewView, TranscriptsView


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"ql": "5"}, (1.0, 1.0)),
        ({"ql": "nan", "qh": "nan"}, (0.0, 1.0)),
        ({"ql": "-inf", "qh": "inf"}, (0.0, 1.0)),
        ({"ql": "0.9", "qh": "0.1"}, (0.1, 0.9)),
        ({"qh": "many"}, (0.0, 1.0)),
    ],
)
def test_confidences_of_an_address_are_a_range(project: Project, params: dict[str, str], expected: tuple[float, float]) -> None:
    queue = state.from_address(params).queue
    assert (queue.min_confidence, queue.max_confidence) == expected
    assert not math.isnan(queue.min_confidence)
    at = run("review", uc=project.use_case.id, **params)
    at.session_state["queue-box"] = True
    at.run()
    assert not at.exception
    assert labelled(at.slider, "Confidence").value == expected


@pytest.mark.parametrize("name", ["", "   "])
def test_an_empty_name_is_none(project: Project, name: str) -> None:
    assert state.from_address({"me": name}).name == "local"
    assert state.from_address({"me": " Eva " + "x" * 200}).name == "Eva " + "x" * 96
    at = run("review", uc=project.use_case.id, me=name)
    labelled(at.button, "Accept").click().run()
    assert [d.reviewer for d in project.store.decisions(project.use_case.id)] == ["local"]


def test_a_piece_of_another_framework_can_be_left(project: Project) -> None:
    at = run("review", uc=project.use_case.id, fw="google-mlops", e=project.evidence[0].id)
    assert "another framework" in at.info[0].value
    labelled(at.button, "Leave it").click().run()
    assert not at.exception
    assert "There is no evidence here yet" in at.info[0].value


@pytest.mark.parametrize("gone", [{"qe": "no.such"}, {"qd": "no-such"}, {"qt": "t-gone"}, {"qc": "llm/gone"}])
def test_a_filter_on_what_is_gone_is_dropped(project: Project, gone: dict[str, str]) -> None:
    at = run("review", uc=project.use_case.id, **gone)
    assert not at.info
    assert project.evidence[0].id in text(at)
    assert at.session_state["assistant-state"].queue == Queue()


def test_a_filter_on_an_engine_of_any_version_stays(project: Project) -> None:
    at = run("review", uc=project.use_case.id, qc="local")
    assert at.session_state["assistant-state"].queue.engine == "local"
    assert project.evidence[0].id in text(at)


def test_the_state_opens_a_piece_and_a_transcript() -> None:
    app = AppState(evidence="e-1", review_view=ReviewView.BULK)
    app.review("e-2", Queue(waiting=Waiting.ALL))
    assert (app.review_view, app.evidence, app.trail, app.queue.waiting) == (ReviewView.ONE, "e-2", ["e-1"], Waiting.ALL)
    app.read("t-1", "e-3")
    assert (app.transcripts_view, app.transcript, app.evidence) == (TranscriptsView.READ, "t-1", "e-3")
