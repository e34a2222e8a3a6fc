"""Small components of our own: a pane of HTML whose marks can be clicked and words selected, focus, scrolling, the way back from sign-in.

The pane's HTML is built by `markup`, which escapes every text of a user.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

_PANE = st.components.v2.component(
    "assistant_pane",
    html="""
<div class="assistant-pane"></div>
""",
    js="""
const GOES = "a[href^='#go:'], [data-go]";
const goal = (link) => link.dataset.go || link.getAttribute("href").slice(4);
const points = (text) => Array.from(text).length;

// Offset in the transcript of a place in the page: pieces carry the offset of their first character.
function offset(node, at) {
  const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  const piece = element && element.closest("[data-o]");
  if (!piece) return null;
  const range = document.createRange();
  range.setStart(piece, 0);
  range.setEnd(node, at);
  return Number(piece.dataset.o) + points(range.toString());
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".assistant-pane");
  if (root.__html !== data.html) {
    // Whoever goes by keys stays where they are, though what has the focus is made anew.
    const held = root.contains(document.activeElement) && document.activeElement.closest(GOES);
    const alike = (name) => [...root.querySelectorAll(GOES)].filter((one) => goal(one) === name);
    const name = held && goal(held), which = held ? alike(name).indexOf(held) : 0;
    root.innerHTML = data.html;
    root.__html = data.html;
    const again = held && (alike(name)[which] || alike(name)[0]);
    if (again) again.focus({ preventScroll: true });
  }
  if (data.focus && root.__focus !== data.focus) {
    root.__focus = data.focus;
    // Only the pane's own box scrolls: the page stays where it is.
    const target = root.querySelector(".at-focus"), box = root.querySelector(".reader");
    if (target && box) requestAnimationFrame(() => {
      const [here, around] = [target.getBoundingClientRect(), box.getBoundingClientRect()];
      if (here.top < around.top || here.bottom > around.bottom) box.scrollTop += here.top - around.top - box.clientHeight / 3;
    });
  }
  const go = (event) => {
    const link = event.target.closest(GOES);
    if (!link) return;
    event.preventDefault();
    setTriggerValue("go", goal(link));
  };
  root.onclick = (event) => { if (!String(document.getSelection())) go(event); };
  // A mark is a button, which the space bar presses too; a link is not.
  root.onkeydown = (event) => {
    if (event.key === "Enter" || (event.key === " " && event.target.closest("[data-go]"))) go(event);
  };
  const select = () => {
    if (!data.select) return;
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !root.contains(selection.anchorNode) || !root.contains(selection.focusNode)) return;
    const ends = [offset(selection.anchorNode, selection.anchorOffset), offset(selection.focusNode, selection.focusOffset)];
    if (ends.includes(null)) return;
    ends.sort((a, b) => a - b);
    // The browser tells of one selection more than once: said again after a press of "Add", it would open the form anew.
    if (ends[0] >= ends[1] || root.__told === String(ends)) return;
    root.__told = String(ends);
    setTriggerValue("select", { start: ends[0], end: ends[1] });
  };
  root.onmouseup = () => setTimeout(select, 0);
  root.onkeyup = (event) => { if (event.key === "Shift" || event.shiftKey) select(); };
  // A finger selects without a mouse: what it has chosen counts once the handles rest.
  root.onpointerdown = (event) => { root.__finger = event.pointerType === "touch"; root.__told = ""; };
  if (root.__watch) document.removeEventListener("selectionchange", root.__watch);
  root.__watch = () => {
    clearTimeout(root.__rest);
    if (root.__finger) root.__rest = setTimeout(select, 700);
  };
  document.addEventListener("selectionchange", root.__watch);
  return () => document.removeEventListener("selectionchange", root.__watch);
}
""",
    isolate_styles=False,
)

_FOCUS = st.components.v2.component(
    "assistant_focus",
    html="""
<span hidden></span>
""",
    js="""
export default function (component) {
  const { data, parentElement } = component;
  if (parentElement.__token === data.token) return;
  parentElement.__token = data.token;
  let tries = 20;
  const look = () => {
    const field = document.querySelector(`.st-key-${CSS.escape(data.key)} input, .st-key-${CSS.escape(data.key)} textarea`);
    if (field) field.focus(); else if (tries-- > 0) setTimeout(look, 25);
  };
  look();
}
""",
    isolate_styles=False,
)


_SHOW = st.components.v2.component(
    "assistant_show",
    html="""
<span class="assistant-show" style="display:block;scroll-margin-top:4.5rem"></span>
""",
    js="""
export default function (component) {
  const { data, parentElement } = component;
  if (parentElement.__token === data.token) return;
  parentElement.__token = data.token;
  const place = parentElement.querySelector(".assistant-show");
  if (!data.wide && window.innerWidth > 640) return;
  // What stands above may still grow, and what stands below may not be there yet to scroll by: the place is brought to its place until it
  // rests there, or somebody takes over.
  let tries = 100, rests = 0;
  const ended = new AbortController();
  for (const kind of ["pointerdown", "touchstart", "wheel", "keydown"]) {
    window.addEventListener(kind, () => ended.abort(), { passive: true, capture: true, signal: ended.signal });
  }
  const margin = parseFloat(getComputedStyle(place).scrollMarginTop);
  const keep = () => {
    if (ended.signal.aborted || !place.isConnected || tries-- <= 0 || rests >= 5) {
      ended.abort();
      place.dataset.rests = "yes";
      return;
    }
    const there = Math.abs(place.getBoundingClientRect().top - margin) < 8;
    rests = there ? rests + 1 : 0;
    if (!there) place.scrollIntoView({ block: "start" });
    setTimeout(keep, 60);
  };
  keep();
}
""",
    isolate_styles=False,
)

_ASKED_FOR = st.components.v2.component(
    "assistant_asked_for",
    html="""
<span hidden></span>
""",
    js="""
// In this tab alone, and for as long as a sign-in takes.
const NAME = "assistant-asked-for", LASTS = 15 * 60 * 1000;

export default function (component) {
  const { data, setTriggerValue } = component;
  try {
    if (data.keep) {
      // The app itself may have changed the address meanwhile.
      const { pathname, search } = new URL(performance.getEntriesByType("navigation")[0].name);
      if (pathname !== "/" || search) sessionStorage.setItem(NAME, JSON.stringify({ at: Date.now(), place: pathname + search }));
      return;
    }
    const found = JSON.parse(sessionStorage.getItem(NAME) || "null");
    sessionStorage.removeItem(NAME);
    if (found && Date.now() - found.at < LASTS) setTriggerValue("place", found.place);
  } catch { /* a browser that keeps nothing: people land on the first page */ }
}
""",
    isolate_styles=False,
)


def pane(
    html: str,
    *,
    key: str,
    focus: str = "",
    selectable: bool = False,
    on_go: Callable[[str], None] | None = None,
    on_select: Callable[[int, int], None] | None = None,
) -> None:
    """Shows HTML of ours. ``on_go`` gets what a clicked link (``#go:x``) or mark names, ``on_select`` the offsets of selected words.

    ``focus``: any text; when it changes, the element with the class ``at-focus`` is scrolled to.
    """

    def went() -> None:
        target = _value(key, "go")
        if on_go is not None and isinstance(target, str):
            on_go(target)

    def selected() -> None:
        span = _value(key, "select")
        if on_select is not None and span is not None and isinstance(span["start"], int) and isinstance(span["end"], int):
            on_select(span["start"], span["end"])

    _PANE(key=key, data={"html": html, "focus": focus, "select": selectable}, on_go_change=went, on_select_change=selected)


def show_here(token: str, *, wide: bool = False) -> None:
    """Scrolls to this place, once for every token: on a phone, where columns stand below each other, and with ``wide`` everywhere."""
    _SHOW(key="show-here", data={"token": token, "wide": wide})


def _value(key: str, name: str) -> Any:
    found = st.session_state.get(key)
    return None if found is None else found.get(name)


def focus(field_key: str, token: str) -> None:
    """Puts the cursor into the field with this key, once for every token."""
    _FOCUS(key=f"focus-{field_key}", data={"key": field_key, "token": token})


def keep_asked_for() -> None:
    """Remembers the address that was asked for, while somebody signs in elsewhere."""
    _ASKED_FOR(key="keep-asked-for", data={"keep": True})


def on_asked_for(go: Callable[[str], None]) -> None:
    """Calls ``go``, once, with the path and query that `keep_asked_for` remembered, if any: text of the browser, to be checked."""
    key = "asked-for"

    def found() -> None:
        place = _value(key, "place")
        if isinstance(place, str):
            go(place)

    _ASKED_FOR(key=key, data={"keep": False}, on_place_change=found)
