"""Who is acting: the single user of a local installation, or whoever signed in with OpenID Connect."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

import streamlit as st
from streamlit.runtime.secrets import AttrDict

from assistant.errors import AssistantError, SettingsError
from assistant.ui import components, identity, state
from assistant.ui.access import AppRole, User, signed_in
from assistant.ui.identity import SignIn
from assistant.ui.shared import show_error

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@st.cache_resource(show_spinner=False)
def _asked() -> threading.Event:
    """Set once this server has asked for sign-in: from then on it never goes on without."""
    return threading.Event()


def configuration() -> SignIn | None:
    """Sign-in as it is configured now; None where everybody at this machine is the single local user.

    Raises SettingsError where it cannot work, or was taken away while the server runs: a secrets file that is gone or half written must
    not let everybody in.
    """
    found = identity.sign_in(identity.read(st.get_option("secrets.files")))
    if found is not None:
        _asked().set()
        _follow(found)
    elif _asked().is_set():
        raise SettingsError(
            "sign-in is not configured any more", remedy=f"restore [auth] in {identity.WHERE}, or start the app again without it"
        )
    return found


def _follow(found: SignIn) -> None:
    """Streamlit stops watching a file that was damaged once; what it signs people in with follows ours."""
    held = st.secrets.get("auth") if st.secrets.load_if_toml_exists() else None
    if not isinstance(held, AttrDict) or held.to_dict() != found.auth:
        st.secrets.merge_programmatic_secrets({"auth": dict(found.auth)})


def roles_now() -> Mapping[str, object]:
    """The table of roles as it is now. Raises SettingsError."""
    found = configuration()
    return found.roles if found is not None else {}


def acting() -> User:
    """Who is acting; draws the sign-in page and stops where nobody is yet."""
    try:
        found = configuration()
        if found is None:
            return _local()
    except SettingsError as error:
        show_error(error)
        st.stop()
    claims = st.user.to_dict()
    if not claims.get("is_logged_in"):
        _ask(found)
        st.stop()
    try:
        return signed_in(claims, roles_now)
    except AssistantError as error:
        st.title("MLOps interview assistant")
        show_error(error)
        st.button("Sign out", on_click=st.logout, icon=":material/logout:")
        st.stop()


def _local() -> User:
    """The single user. Raises SettingsError where others can reach the app: everybody would be admin."""
    if st.get_option("server.address") not in LOOPBACK:
        raise SettingsError(
            "the app can be reached from other machines, and nobody has to sign in",
            remedy=f"start it with `assistant app`, or configure [auth] in {identity.WHERE}",
        )
    return User(state.current().name, AppRole.ADMIN, local=True)


def _ask(found: SignIn) -> None:
    """The sign-in page: a button for each identity provider."""
    st.title("MLOps interview assistant")
    st.write("Sign in to go on.")
    components.keep_asked_for()
    for name in found.providers:
        words = "Sign in" if name == "default" else f"Sign in with {name}"
        provider = None if name == "default" else name
        st.button(words, key=f"sign-in-{name}", type="primary", icon=":material/login:", on_click=st.login, args=(provider,))
