"""`assistant app`: the web app on this machine."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def webapp(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on this machine.")] = 8501,
    host: Annotated[str, typer.Option("--host", help="Address to listen on; beyond loopback only with sign-in.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    samples: Annotated[bool, typer.Option("--samples/--no-samples", help="On the first start, create the sample use cases.")] = True,
) -> None:
    """Open the web app: upload, code, review and assess in the browser. Nothing leaves this machine."""
    from streamlit.web import bootstrap

    import assistant.ui
    from assistant.errors import SettingsError
    from assistant.ui.look import streamlit_options

    if host not in LOOPBACK and not _sign_in_configured():
        raise SettingsError(
            f"--host {host} would let other machines in without sign-in",
            remedy="configure [auth] in .streamlit/secrets.toml first, or leave --host out",
        )
    if samples:
        _samples()
    script = str(Path(assistant.ui.__file__).with_name("app.py"))
    options = streamlit_options() | {"server.address": host, "server.port": port, "server.headless": not browser}
    flags = {name.replace(".", "_"): value for name, value in options.items()}
    bootstrap.load_config_options(flag_options=flags)
    print(f"the web app is at http://{'localhost' if host in LOOPBACK else host}:{port}  (stop it with Ctrl+C)", file=sys.stderr)
    bootstrap.run(script, False, [], flags)


def _sign_in_configured() -> bool:
    """Whether Streamlit's secrets hold a section for OpenID Connect."""
    import tomllib

    for folder in (Path.cwd(), Path.home()):
        path = folder / ".streamlit" / "secrets.toml"
        if path.is_file() and "auth" in tomllib.loads(path.read_text(encoding="utf-8")):
            return True
    return False


def _samples() -> None:
    """Creates the samples in an empty database and has them coded in the background of the server about to start."""
    # Streamlit remarks at import that its server does not run yet: it is about to.
    logging.getLogger("streamlit.runtime.caching.cache_data_api").setLevel(logging.ERROR)
    from assistant.settings import get_settings
    from assistant.ui import samples, shared

    store = shared.store()
    if samples.is_new(store):
        samples.create(store)
    samples.code(store, shared.jobs(), get_settings().framework)
