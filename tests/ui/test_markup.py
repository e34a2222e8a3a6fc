"""Texts of people stay texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ui.markup import apart, esc, esc_aligned, label, md, said

HOSTILE = (
    "<script>alert(1)</script>", "</blockquote><img src=x onerror=alert(1)>", "[link](javascript:alert(1))", "**bold** _it_ `code` ~~x~~",
    "$\\frac{1}{2}$ $$x$$", ":smile: :red[x] :material/home:", "# head\n- list\n> quote", "=HYPERLINK(\"http://x\")", "https://example.org/x",
    "a" * 300, "\u202eevil\u202c", "שלום <b>עולם</b>", "&lt;b&gt;", "\x00\x1b[31m",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_html_holds_no_markup_of_theirs(text: str) -> None:
    for shown in (esc(text), esc_aligned(text), said(text).removeprefix('<bdi dir="auto">').removesuffix("</bdi>")):
        assert "<" not in shown
        assert ">" not in shown
        assert '"' not in shown
        assert "\u202e" not in shown
        assert "\x00" not in shown


@given(st.text())
def test_aligned_text_keeps_every_offset(text: str) -> None:
    import html

    assert len(html.unescape(esc_aligned(text))) == len(text)


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_markdown_has_every_mark_escaped(text: str) -> None:
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", md(text))
    assert not re.search(r"[\\`*_{}\[\]()<>#+.!|~$:^=&@/]", bare)


def test_a_colon_never_touches_what_follows() -> None:
    assert ":s" not in md(":smile:").replace("\\", "")
    assert "://" not in md("https://x").replace("\\", "")


def test_no_two_lines_of_a_list_are_alike() -> None:
    assert apart({"a": "talk", "b": "other", "c": "talk "}) == {"a": "talk · no. 1", "b": "other", "c": "talk · no. 2"}
    long = apart({"a": "x" * 500 + "a", "b": "x" * 500 + "b"})
    assert len(set(long.values())) == 2, "alike once they are cut"


def test_lists_show_long_names_cut() -> None:
    assert len(label("x" * 300)) == 120
    assert label("  ") == "(no name)"
