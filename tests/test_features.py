"""What the heads see: words, neighbours, questions, context; alike in training and in coding."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline_support import SAMPLES, talk

from assistant.extraction import features
from assistant.extraction.features import (
    EDGE,
    Matrix,
    Sentence,
    Vocabulary,
    context,
    dense,
    ngrams,
    plain,
    question_of,
    sentences_of,
    tokens,
)
from assistant.models import Role
from assistant.segments import segment
from assistant.transcripts import read_transcript

WEIGHTS = {"self": 1.0, "previous": 0.5, "next": 0.25, "question": 2.0}


def hashed(texts: Sequence[str]) -> Matrix:
    """Three numbers for a text that tell it from others, the same in every process."""
    return np.array([[len(t), sum(map(ord, t)) % 997, t.count("e") + 1] for t in texts], dtype=np.float32)


# ---------------------------------------------------------------- words


def test_words_are_lower_case_with_straight_apostrophes() -> None:
    assert tokens("We DON’T use Kubeflow-Pipelines, O'Reilly!") == ["we", "don't", "use", "kubeflow", "pipelines", "o'reilly"]
    assert ngrams("used to deploy") == ["used", "to", "deploy", "used to", "to deploy"]
    assert ngrams("alone") == ["alone"]
    assert ngrams("…") == []


@pytest.mark.parametrize(
    "stamp", ["[08:24]", "[1:02:03]", "[00:12.345]", "[unintelligible 00:12]", "[Unintelligible]", "[laughter]", "[laughs]"]
)
def test_transcribers_marks_carry_no_meaning(stamp: str) -> None:
    assert tokens(f"We {stamp} deploy") == ["we", "deploy"]
    assert plain(f"{stamp} We deploy") == "We deploy"
    assert plain(stamp) == stamp, "never empty"


def test_other_brackets_stay() -> None:
    assert plain("the list [a, b] of 12:30") == "the list [a, b] of 12:30"


@pytest.mark.parametrize(
    ("said", "question"),
    [
        (["Hello.", "How do you deploy?", "Take your time."], "How do you deploy?"),
        (["Who?", "And how?"], "And how?"),
        (["Tell me more."], "Tell me more."),
        ([], ""),
    ],
)
def test_the_question_of_a_turn(said: list[str], question: str) -> None:
    assert question_of(said) == question


@given(st.text(max_size=200))
def test_words_never_fail_and_know_no_case(text: str) -> None:
    assert bool(plain(text)) == bool(text)
    assert len(ngrams(text)) == max(2 * len(tokens(text)) - 1, 0)
    assert all(w == w.lower() for w in tokens(text))


# ---------------------------------------------------------------- vocabulary


def test_the_vocabulary_counts_texts_not_words() -> None:
    v = Vocabulary.fit(["deploy deploy deploy", "we deploy", "we train"], min_count=2)
    assert v.terms == ["deploy", "we"]
    assert v.idf == pytest.approx([np.log(4 / 3) + 1] * 2)


def test_weights_are_sublinear_and_of_length_one() -> None:
    v = Vocabulary(["deploy", "we"], np.array([1.0, 2.0], dtype=np.float32))
    index, weight = v.weights("we deploy, deploy, deploy and rest")
    by_term = dict(zip((v.terms[i] for i in index), weight, strict=True))
    assert by_term["deploy"] / by_term["we"] == pytest.approx((1 + np.log(3)) / 2)
    assert np.linalg.norm(weight) == pytest.approx(1)
    assert [len(part) for part in v.weights("nothing known")] == [0, 0]


words = st.lists(st.sampled_from(["we", "deploy", "the", "model", "nightly", "?"]), max_size=12).map(" ".join)


@given(st.lists(words, min_size=1, max_size=8), words, st.randoms(use_true_random=False))
def test_the_vocabulary_knows_no_order_of_texts(texts: list[str], text: str, random: object) -> None:
    shuffled = sorted(texts, reverse=True)
    a, b = Vocabulary.fit(texts, 1), Vocabulary.fit(shuffled, 1)
    assert a.terms == b.terms == sorted(set(a.terms))
    assert np.array_equal(a.idf, b.idf)
    index, weight = a.weights(text)
    assert {a.terms[i] for i in index} == set(ngrams(text)) & set(a.terms)
    assert len(index) == 0 or np.linalg.norm(weight) == pytest.approx(1, abs=1e-5)


# ---------------------------------------------------------------- sentences


def test_only_what_respondents_say_with_the_question_before_it() -> None:
    t = talk("Ann: Hi there. How do you deploy?\nBo: By hand. Every week.\nAnn: And why?\nBo: Nobody asked.\n", interviewer=["Ann"])
    found, kept = sentences_of(t, segment(t))
    assert [(s.text, s.turn, s.position, s.question) for s in found] == [
        ("By hand.", (t.id, 1), 0, "How do you deploy?"),
        ("Every week.", (t.id, 1), 1, "How do you deploy?"),
        ("Nobody asked.", (t.id, 3), 0, "And why?"),
    ]
    assert [k.text for k in kept] == [s.text for s in found]


def test_where_nobody_interviews_what_was_said_before_is_the_context() -> None:
    t = talk("Ann: Hi there.\nBo: By hand. Or not?\nCy: No.\n")
    t = t.model_copy(update={"turns": tuple(turn.model_copy(update={"role": Role.UNKNOWN}) for turn in t.turns)})
    assert [s.question for s in sentences_of(t, segment(t))[0]] == ["", "Hi there.", "Hi there.", "Or not?"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_sentences_of_the_samples(path: object) -> None:
    t = read_transcript(path)  # type: ignore[arg-type]
    found, kept = sentences_of(t, segment(t))
    assert len(found) == len(kept) > 60
    for s, k in zip(found, kept, strict=True):
        assert t.text[k.start : k.end] == s.text
        assert t.turns[s.turn[1]].role is not Role.INTERVIEWER
    expected = [n for _, turn in groupby(k.turn for k in kept) for n, _ in enumerate(turn)]
    assert [s.position for s in found] == expected
    assert max(expected) > 0


# ---------------------------------------------------------------- vectors


def conversation(lengths: Sequence[int], name: str = "t") -> list[Sentence]:
    return [
        Sentence(f"{name} sentence {turn} {i}", (name, turn), i, f"question {turn}?" if turn else "")
        for turn, length in enumerate(lengths)
        for i in range(length)
    ]


def test_vectors_stand_side_by_side_with_their_weights() -> None:
    said = conversation([2, 1])
    made = dense(said, hashed, WEIGHTS)
    one, two, three, question = (hashed([t])[0] for t in (*(s.text for s in said), "question 1?"))
    zero = np.zeros(3)
    assert np.allclose(made[0], np.hstack([one, zero, two / 4, zero]))
    assert np.allclose(made[1], np.hstack([two, one / 2, zero, zero]))
    assert np.allclose(made[2], np.hstack([three, zero, zero, question * 2])), "no neighbour across turns"
    assert dense([], hashed, WEIGHTS).shape[0] == 0


def test_each_text_is_embedded_once_and_without_stamps() -> None:
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> Matrix:
        asked.extend(texts)
        return hashed(texts)

    said = [Sentence("Yes.", ("t", 0), 0, "Why?"), Sentence("[08:24] Yes.", ("t", 0), 1, "Why?"), Sentence("Why?", ("t", 1), 0, "")]
    dense(said, embed, WEIGHTS)
    assert asked == ["Yes.", "Why?"]


# ---------------------------------------------------------------- context


def test_context_beyond_the_turn_is_the_edge() -> None:
    said = conversation([1, 2])
    logits = np.arange(3 * 4, dtype=np.float32).reshape(3, 4)
    seen = context(said, logits, 2)
    assert seen.shape[:2] == (2, 3)
    own, before, after = seen[0, :, 0], seen[0, :, 1], seen[0, :, 2]
    assert own.tolist() == [0, 4, 8]
    assert before.tolist() == [EDGE, EDGE, 4]
    assert after.tolist() == [EDGE, 8, EDGE]


lengths = st.lists(st.integers(1, 5), min_size=1, max_size=5)


@given(lengths, lengths, st.integers(0, 2**32 - 1))
def test_conversations_do_not_see_each_other(first: list[int], second: list[int], seed: int) -> None:
    """Context of two conversations together is that of each alone: what else is coded changes nothing."""
    a, b = conversation(first, "a"), conversation(second, "b")
    logits = np.random.default_rng(seed).normal(size=(len(a) + len(b), 6)).astype(np.float32)
    together = context([*a, *b], logits, 4)
    assert np.allclose(together[:, : len(a)], context(a, logits[: len(a)], 4), atol=1e-5)
    assert np.allclose(together[:, len(a) :], context(b, logits[len(a) :], 4), atol=1e-5)
    assert np.isfinite(together).all()


@given(lengths, st.integers(0, 2**32 - 1), st.permutations(range(4)))
def test_context_treats_all_elements_alike(made: list[int], seed: int, order: list[int]) -> None:
    said = conversation(made)
    logits = np.random.default_rng(seed).normal(size=(len(said), 6)).astype(np.float32)
    plainly = context(said, logits, 4)
    shuffled = context(said, logits[:, [*order, 4, 5]], 4)
    assert np.allclose(shuffled, plainly[list(order)], atol=1e-6)


def test_the_version_is_that_of_the_heads_that_ship() -> None:
    from assistant.extraction import heads

    assert heads.load(heads.heads_path("john-2025")).meta["features"] == features.VERSION
