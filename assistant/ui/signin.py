"""Who is acting: the single user of a local installation, or whoever signed in with OpenID Connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from assistant.errors import AssistantError, SettingsError
from assistant.ui import state
from assistant.ui.access import AppRole, User, signed_in
from assistant.ui.shared import show_error

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def secret(section: str) -> Mapping[str, Any]:
    """A section of Streamlit's secrets; empty where there are none."""
    try:
        found = st.secrets.get(section, {})
    except FileNotFoundError:
        return {}
    return found if isinstance(found, Mapping) else {}


def required() -> bool:
    """Whether OpenID Connect is configured: then everybody signs in."""
    return bool(secret("auth"))


def acting() -> User:
    """Who is acting; draws the sign-in page and stops where nobody is yet."""
    if not required():
        # Without sign-in everybody who reaches the port is admin: then nobody else may reach it.
        if st.get_option("server.address") not in LOOPBACK:
            show_error(
                SettingsError(
                    "the app can be reached from other machines, and nobody has to sign in",
                    remedy="start it with `assistant app`, or configure [auth] in .streamlit/secrets.toml",
                )
            )
            st.stop()
        return User(state.current().name, AppRole.ADMIN, local=True)
    if not st.user.is_logged_in:
        st.title("MLOps interview assistant")
        st.write("Sign in to go on.")
        st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)
        st.stop()
    try:
        return signed_in(st.user.to_dict(), secret("roles"))
    except AssistantError as error:
        show_error(error)
        st.button("Sign out", on_click=st.logout)
        st.stop()
