"""Search across all transcripts of a use case: by word, and by meaning."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from assistant.display import count
from assistant.ui import shared
from assistant.ui.here import Here
from assistant.ui.markup import esc, said
from assistant.ui.services import transcripts
from assistant.ui.services.transcripts import Hit
from assistant.ui.views import reading

MEANING = "by meaning"
WORD = "by word"
SHOWN = 50
"""Places that a search by word shows."""
NEAR = 0.3
"""Closeness from which a place is likely to be about the same; words that stand nowhere reach 0.29 on the sample interviews."""


def draw(here: Here) -> None:
    """The part of the page."""
    words, kind = st.columns([4, 2], vertical_alignment="bottom")
    text = words.text_input(
        "Search in all transcripts", key="search-text", placeholder="e.g. somebody approves a release by hand", max_chars=500
    )
    how = kind.segmented_control("How", [MEANING, WORD], default=MEANING, required=True, key="search-how", label_visibility="collapsed")
    if not text.strip():
        st.html('<p class="muted">Search by meaning finds answers that say it in other words; it runs on this machine.</p>')
        return
    with shared.problems():
        if how == MEANING:
            with st.spinner("Reading the transcripts (only the first time takes long) …"):
                hits = transcripts.search_meaning(here.user, here.store, shared.sentences(), here.where, text)
        else:
            hits = transcripts.search_words(here.user, here.store, here.where, text, limit=SHOWN)
        if how == MEANING:
            _by_meaning(hits)
        elif hits:
            st.caption(f"the first {len(hits)} places" if len(hits) == SHOWN else count(len(hits), "place"))
            _hits(hits)
        else:
            st.info("Nothing found. Try fewer words, or search by meaning.", icon=":material/search_off:")


def _by_meaning(hits: Sequence[Hit]) -> None:
    """The near places; the rest, which is nearest but seldom meant, behind a click."""
    near = sum(hit.score >= NEAR for hit in hits)
    if near:
        st.caption(count(near, "place"))
        _hits(hits[:near])
    else:
        st.info("No answer is close to these words. Try a whole sentence, as a respondent would say it.", icon=":material/search_off:")
    if weak := hits[near:]:
        with st.expander(count(len(weak), "more distant place", "more distant places"), icon=":material/more_horiz:"):
            _hits(weak)


def _hits(hits: Sequence[Hit]) -> None:
    for hit in hits:
        words, button = st.columns([6, 1], vertical_alignment="center")
        foot = f"{said(hit.transcript.name)} · {said(hit.speaker or 'nobody named')}" + (
            f" · closeness {hit.score:.2f}" if hit.score else ""
        )
        words.html(
            f'<blockquote class="quote"><p class="inline" dir="auto"><span class="muted">{esc(hit.before)}</span>'
            f'<mark>{esc(hit.quote)}</mark><span class="muted">{esc(hit.after)}</span></p><footer>{foot}</footer></blockquote>'
        )
        button.button(
            "Read", key=f"hit-{hit.transcript.id}-{hit.start}", on_click=reading.show, args=(hit.transcript.id, hit.start, hit.end)
        )
