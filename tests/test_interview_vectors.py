"""Withdrawal takes the search vectors along: what somebody said can be guessed from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from interview_support import WordCoder, framework

from assistant.embeddings import LocalEmbedder
from assistant.errors import StoreError
from assistant.interview import Conductor, load_guide, service
from assistant.interview.engine import Setup
from assistant.interview.logs import StoreLog
from assistant.sentences import SentenceIndex, folder_in
from assistant.settings import get_settings
from assistant.store import Store, UseCase

pytest_plugins = ["store_fixtures"]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SentenceIndex:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    monkeypatch.setattr("assistant.interview.service.get_settings", get_settings)
    return SentenceIndex(LocalEmbedder(), folder_in(get_settings().index_dir))


def taken(store: Store, use_case: UseCase, words: str) -> tuple[str, str]:
    """An interview that is over, and its transcript."""
    interview = service.create(store, use_case.id, load_guide(), Setup(respondent="Annabel"))
    made = Conductor(StoreLog(store, interview), framework(), WordCoder(framework()))
    made.consent(made.consent_text(), by="respondent")
    pending = made.ledger.pending
    assert pending is not None
    made.answer(words, to=pending.seq)
    made.stop()
    return interview, service.keep_transcript(store, interview).id


def files(index: SentenceIndex) -> set[str]:
    return {p.name.split(".")[0] for p in folder_in(get_settings().index_dir).glob("*.npy")}


def test_withdrawal_removes_the_vectors_of_its_transcript_alone(store: Store, use_case: UseCase, index: SentenceIndex) -> None:
    mine, gone = taken(store, use_case, "The zebra pipeline is mine.")
    _, stays = taken(store, use_case, "The other pipeline is not.")
    for transcript in (gone, stays):
        # As it read before and after roles were corrected: two files.
        index.vectors(transcript, ["One sentence."])
        index.vectors(transcript, ["One sentence.", "Another."])
    assert files(index) == {gone, stays}
    service.withdraw(store, mine)
    assert files(index) == {stays}
    service.withdraw(store, mine)


def test_where_the_vectors_cannot_go_nothing_is_erased_and_it_can_be_tried_again(
    store: Store, use_case: UseCase, index: SentenceIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, gone = taken(store, use_case, "The zebra pipeline is mine.")
    index.vectors(gone, ["One sentence."])

    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", refused)
        with pytest.raises(StoreError, match="cannot be removed"):
            service.withdraw(store, mine)
    assert service.ledger(store, mine).answers == ("The zebra pipeline is mine.",)
    service.withdraw(store, mine)
    assert files(index) == set()
