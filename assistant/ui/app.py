"""Entry point of the web app: sign-in, navigation, the side bar. Pages are in ``app_pages``."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from assistant.interview.links import PARAMETER
from assistant.settings import get_settings
from assistant.ui import components, here, look, shared, signin, state
from assistant.ui.access import ADMIN, READ, REVIEW, AppRole, User, allowed
from assistant.ui.markup import md

PAGES = Path(__file__).parent / "app_pages"
# A picture of our own: an icon by name is fetched from another server.
ICON = Path(__file__).with_name("icon.png")
# Section, file and address, title, icon, roles that see it (the services check the role again).
MENU = (
    ("", "home", "Home", ":material/home:", READ),
    ("Collect", "interview", "Interview", ":material/record_voice_over:", frozenset(AppRole)),
    ("Collect", "transcripts", "Transcripts", ":material/description:", REVIEW),
    ("Assess", "review", "Review", ":material/rule:", REVIEW),
    ("Assess", "assessment", "Assessment", ":material/insights:", READ),
    ("About", "frameworks", "Frameworks", ":material/menu_book:", frozenset(AppRole)),
    ("About", "settings", "Settings", ":material/settings:", ADMIN),
)
# Set once a signed-in session has looked for the address that was asked for. (A text below would be drawn: this is the script itself.)
LANDED: Final = "assistant-landed"


def pages(user: User) -> dict[str, list[st.Page]]:
    """The menu of a role; the first page is where everybody lands."""
    found: dict[str, list[st.Page]] = {}
    for section, name, title, icon, roles in MENU:
        path = PAGES / f"{name}.py"
        if path.is_file() and allowed(user, roles):
            found.setdefault(section, []).append(st.Page(path, title=title, icon=icon, url_path=name, default=not found))
    return found


def side_bar(user: User) -> None:
    """Which use case, and who is acting."""
    with st.sidebar:
        if allowed(user, READ):
            here.choose_use_case(user, shared.store(), state.current())
        if not user.local:
            st.caption(f"{md(user.name)} · {user.role.value}")
            st.button("Sign out", on_click=st.logout, icon=":material/logout:", type="tertiary")
            if LANDED not in st.session_state:
                st.session_state[LANDED] = True
                components.on_asked_for(go_on)


def go_on(place: str) -> None:
    """After sign-in: on to the page that was asked for before it, with its use case and filters, where the role may open it."""
    parts = urlsplit(place)
    name = parts.path.strip("/").rsplit("/", 1)[-1] or "home"
    if any(entry[1] == name and allowed(st.session_state[here.USER], entry[4]) for entry in MENU):
        st.session_state[state.KEY] = state.from_address(dict(parse_qsl(parts.query)))
        state.go_to(name)


def dress(stages: int) -> None:
    """The style sheet, in the scheme that the browser shows."""
    scheme = st.context.theme.type
    st.html(look.style(stages, scheme if scheme in ("light", "dark") else None))


def by_link() -> None:
    """One run for a respondent: their interview, whoever they are, and no other page."""
    st.set_page_config(page_title="Interview", page_icon=str(ICON), layout="centered")
    page = st.navigation([st.Page(PAGES / "answer.py", title="Interview", default=True)], position="hidden")
    with shared.problems():
        dress(stages=5)
        st.html("<style>.stMainBlockContainer{max-width:50rem}</style>")
        page.run()


def main() -> None:
    """One run of the app."""
    # Decided anew in every run, by its own address: nothing of a signed-in session is within reach of a link, nor the other way round.
    if PARAMETER in st.query_params or get_settings().app_links_only:
        by_link()
        return
    st.set_page_config(page_title="MLOps interview assistant", page_icon=str(ICON), layout="wide")
    user = signin.acting()
    page = st.navigation(pages(user))
    with shared.problems():
        side_bar(user)
        place = here.begin(user)
        dress(len(place.framework.stages))
        target = st.session_state.pop(state.GO, None)
        if target is not None:
            st.switch_page(PAGES / f"{target}.py")
        shared.show_later()
        page.run()
        state.publish()


main()
