"""What every page starts from: who is acting, where, with which framework."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import streamlit as st

from assistant.errors import NotFoundError
from assistant.models import Framework
from assistant.store import Organisation, Store, UseCase
from assistant.ui import shared, state
from assistant.ui.access import READ, AppRole, User, allowed
from assistant.ui.markup import label
from assistant.ui.services import projects
from assistant.ui.state import AppState

USER: Final = "assistant-user"


@dataclass(frozen=True)
class Here:
    """One run of a page."""

    user: User
    store: Store
    state: AppState
    framework: Framework
    organisation: Organisation | None
    use_case: UseCase | None

    def may(self, roles: frozenset[AppRole]) -> bool:
        """Whether to offer something; the service checks it again."""
        return allowed(self.user, roles)

    @property
    def where(self) -> str:
        """Id of the use case. Raises NotFoundError where none is chosen."""
        if self.use_case is None:
            raise NotFoundError("no use case is chosen", remedy="choose one on the left, or create one on Home")
        return self.use_case.id

    def revision(self) -> str:
        """Of the use case: changes whenever anything of it does."""
        return projects.revision(self.user, self.store, self.where)


def begin(user: User) -> Here:
    """Where this session is; what is gone (an erased database, a damaged address) is left aside."""
    st.session_state[USER] = user
    app, store = state.current(), shared.store()
    organisation = use_case = None
    # Whoever may not see results is in no use case, whatever their address says.
    if app.use_case and allowed(user, READ):
        try:
            organisation, use_case = projects.open_use_case(user, store, app.use_case)
        except NotFoundError:
            app.switch("")
    return Here(user, store, app, shared.framework(user, app.framework), organisation, use_case)


def now() -> Here:
    """The same for a page or fragment of this run."""
    return begin(st.session_state[USER])


def choose_use_case(user: User, store: Store, app: AppState) -> None:
    """The list of use cases in the side bar; the first one is chosen on a first visit. An archived one that is open is in it too."""
    lines = list(projects.choices(user, store))
    ids = [use_case.id for _, use_case in lines]
    if app.use_case and app.use_case not in ids:
        with suppress(NotFoundError):
            lines.append(projects.open_use_case(user, store, app.use_case))
            ids.append(app.use_case)
    if not lines:
        return
    if app.use_case not in ids:
        app.switch(ids[0])
    alike = Counter(use_case.name for _, use_case in lines)
    # The list is narrow: the organisation is named only where the use case alone could be two.
    names = {
        use_case.id: label(f"{use_case.name} · {organisation.name}" if alike[use_case.name] > 1 else use_case.name, 70)
        for organisation, use_case in lines
    }
    key = "use-case"
    st.session_state[key] = app.use_case
    st.selectbox("Use case", ids, format_func=lambda i: names.get(i, i), key=key, filter_mode="contains", on_change=_chosen, args=(key,))


def _chosen(key: str) -> None:
    state.current().switch(str(st.session_state[key]))
