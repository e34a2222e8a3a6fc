"""Searching and reading whole transcripts: nothing is missed and nothing is left out without a word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_review_forms import run, text
from ui_support import Project, teams_vtt

from assistant.segments import segment
from assistant.store import EvidenceFilter
from assistant.transcripts import read_transcript
from assistant.ui.access import AppRole, User
from assistant.ui.services import transcripts
from assistant.ui.views import reading

EVA = User("Eva", AppRole.ASSESSOR)


def _add(project: Project, *answers: str, who: str = "Zed") -> str:
    data = teams_vtt(who, answers)
    return project.store.add_transcript(project.use_case.id, read_transcript(data, name=f"{who}.vtt"), data).info.id


@pytest.mark.parametrize("words", ["MLflow", "mlflow", " MLFLOW ", "(C++)", "İPEK"])
def test_words_are_found_whatever_else_the_transcript_holds(project: Project, words: str) -> None:
    """`İ` becomes two characters in lower case."""
    wanted = _add(project, "İpek and I use MLflow (c++) for that.")
    hits = transcripts.search_words(EVA, project.store, project.use_case.id, words)
    assert [h.transcript.id for h in hits] == [wanted]
    found = project.store.transcript(project.use_case.id, wanted).text[hits[0].start : hits[0].end]
    assert found == hits[0].quote
    assert found.casefold().replace("i̇", "i") == words.strip().casefold().replace("i̇", "i")


def test_a_search_stops_at_its_limit(project: Project) -> None:
    _add(project, "the the the")
    assert len(transcripts.search_words(EVA, project.store, project.use_case.id, "the", limit=2)) == 2
    assert transcripts.search_words(EVA, project.store, project.use_case.id, "  ") == ()


class _Index:
    """Instead of the model: every text has the same vector."""

    def embed(self, texts: list[str]) -> Any:
        return np.ones((len(texts), 1))

    def vectors(self, transcript: str, sentences: list[str]) -> Any:
        return np.ones((len(sentences), 1))


def test_sentences_are_looked_for_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    s, u = project.store, project.use_case.id
    looked: list[str] = []
    monkeypatch.setattr(transcripts, "_SENTENCES", transcripts._Sentences(keep=2))
    monkeypatch.setattr(transcripts, "segment", lambda t: looked.append(t.id) or segment(t))
    first = transcripts.search_meaning(EVA, s, _Index(), u, "release")  # type: ignore[arg-type]
    again = transcripts.search_meaning(EVA, s, _Index(), u, "release")  # type: ignore[arg-type]
    assert first == again
    assert looked == [project.transcript.id]
    assert {h.quote for h in first} <= {x.text for x in segment(project.transcript)}
    # Other content under the same id is looked at anew, and the oldest is forgotten.
    other = project.transcript.model_copy(update={"turns": project.transcript.turns[:3]})
    assert len(transcripts._SENTENCES.of(other)) < len(transcripts._SENTENCES.of(project.transcript))
    for n in range(4):
        transcripts._SENTENCES.of(project.transcript.model_copy(update={"id": f"t-{n}"}))
    assert len(transcripts._SENTENCES._found) == 2


def test_what_is_not_marked_is_counted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    s, u, t = project.store, project.use_case.id, project.transcript.id
    s.decide(u, project.evidence[0].id, "reject", "Eva", reason="no")
    items, more = transcripts.evidence_of(EVA, s, u, t, EvidenceFilter(), limit=4)
    assert (len(items), more) == (4, 2)
    assert transcripts.evidence_of(EVA, s, u, t, EvidenceFilter(states=("rejected",)))[1] == 0
    items, more = transcripts.evidence_of(EVA, s, u, t, EvidenceFilter(states=("proposed",)), limit=4)
    assert (len(items), more) == (4, 1)
    whole = transcripts.evidence_of
    monkeypatch.setattr(reading.transcripts, "evidence_of", lambda *a: whole(*a, limit=4))
    assert "4 pieces of evidence, and 1 more" in text(run("transcripts", uc=u, tv="Read", t=t))
