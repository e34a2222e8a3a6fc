"""`assistant app`: the web app on this machine."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.errors import SettingsError


def webapp(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on this machine.")] = 8501,
    host: Annotated[str, typer.Option("--host", help="Address to listen on; beyond loopback only with sign-in.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    samples: Annotated[bool, typer.Option("--samples/--no-samples", help="On the first start, create the sample use cases.")] = True,
    links_only: Annotated[
        bool, typer.Option("--links-only", help="Serve respondents' interview links and no other page; needs no sign-in.")
    ] = False,
) -> None:
    """Open the web app: upload, code, review and assess in the browser. Nothing leaves this machine."""
    from streamlit.web import bootstrap

    # Streamlit remarks at import that its server does not run yet: it is about to.
    logging.getLogger("streamlit.runtime.caching.cache_data_api").setLevel(logging.ERROR)
    import streamlit as st

    import assistant.ui
    from assistant.ui import signin
    from assistant.ui.look import streamlit_options

    options = streamlit_options() | {"server.address": host, "server.port": port, "server.headless": not browser}
    flags = {name.replace(".", "_"): value for name, value in options.items()}
    links_only = _links_only(links_only)
    if not links_only:
        _check_sign_in(host)
    # A key that stands in the secrets is in the environment from here on: before anybody reads the settings.
    st.secrets.load_if_toml_exists()
    if samples and not links_only:
        _samples()
    bootstrap.load_config_options(flag_options=flags)
    print(f"the web app is at http://{'localhost' if host in signin.LOOPBACK else host}:{port}  (stop it with Ctrl+C)", file=sys.stderr)
    bootstrap.run(str(Path(assistant.ui.__file__).with_name("app.py")), False, [], flags)


def _links_only(wanted: bool) -> bool:
    """Whether this process serves links only, by the option or the setting, which every run of the page reads."""
    from assistant.settings import get_settings

    if wanted:
        os.environ["ASSISTANT_APP_LINKS_ONLY"] = "true"
    found = get_settings().app_links_only
    # The secrets may still bring a key.
    get_settings.cache_clear()
    return found


def _check_sign_in(host: str) -> None:
    """Raises SettingsError where sign-in is configured and cannot work, or is not and others could reach the app."""
    from assistant.ui import signin

    if signin.configuration() is None and host not in signin.LOOPBACK:
        raise SettingsError(
            f"--host {host} would let other machines in without sign-in",
            remedy="configure [auth] in .streamlit/secrets.toml first, or leave --host out",
        )


def _samples() -> None:
    """Creates the samples in an empty database and has them coded in the background of the server about to start."""
    from assistant.settings import get_settings
    from assistant.ui import samples, shared

    store = shared.store()
    if samples.is_new(store):
        samples.create(store)
    samples.code(store, shared.jobs(), get_settings().framework)
