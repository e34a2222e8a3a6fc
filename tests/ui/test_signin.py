"""Sign-in with a real OpenID Connect provider in real Chromium: who gets in, where, as whom; and configurations that cannot work."""

from __future__ import annotations

import os
import secrets
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import streamlit as st
from oidc_provider import Provider
from streamlit import config
from streamlit.runtime.secrets import Secrets
from ui_support import Project, Server, chromium, make_project, open_page, settled

from assistant.errors import PermissionDenied, SettingsError
from assistant.ui import identity, signin
from assistant.ui.access import AppRole, User, check, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROLES = ("admin", "assessor", "reviewer", "reader", "respondent")
PAGES = {
    "home": {"admin", "assessor", "reviewer", "reader"},
    "transcripts": {"admin", "assessor", "reviewer"},
    "review": {"admin", "assessor", "reviewer"},
    "assessment": {"admin", "assessor", "reviewer", "reader"},
    "settings": {"admin"},
}
"""Page -> roles that may open it, written down a second time on purpose."""
TITLE = "MLOps interview assistant"
browser_test = pytest.mark.browser
slow = pytest.mark.slow


# ---------------------------------------------------------------- in the browser


@dataclass
class Site:
    """The app with sign-in, its provider and its browser."""

    server: Server
    provider: Provider
    browser: Browser
    project: Project
    secrets: Path

    def write(self, roles: dict[str, object] | None = None) -> None:
        """The secrets, with this table of roles; the usual one where none is given."""
        given: dict[str, object] = {role: [f"{role}@example.org"] for role in ROLES} if roles is None else roles
        table = "\n".join(f"{name} = {value!r}" for name, value in given.items())
        self.secrets.write_text(f"{auth(self.provider, self.server.url, self.cookie)}\n[roles]\n{table}\n")

    cookie: str = ""

    def page(self) -> Page:
        """A browser of its own: no cookie, nobody signed in."""
        return self.browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()

    def sign_in(self, page: Page, email: str) -> None:
        """As a person does: button, account, back."""
        open_page(page, self.server.url)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name=email, exact=True).click()
        page.wait_for_url(f"{self.server.url}/**")
        page.wait_for_selector("h1")
        settled(page)


def auth(provider: Provider, app: str, cookie: str) -> str:
    """The section of the secrets."""
    return (
        f'[auth]\nredirect_uri = "{app}/oauth2callback"\ncookie_secret = "{cookie}"\nclient_id = "{provider.client_id}"\n'
        f'client_secret = "{provider.client_secret}"\nserver_metadata_url = "{provider.metadata}"\n'
    )


def accounts() -> dict[str, dict[str, object]]:
    """Somebody for every role, and those who must not get in."""
    return {f"{who}@example.org": {"email_verified": True} for who in (*ROLES, "nobody")} | {
        "admin@unverified.example": {"email_verified": False, "email": "admin@example.org"},
        "admin@word.example": {"email_verified": "false", "email": "admin@example.org"},
        "admin@silent.example": {"email": "admin@example.org"},
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all: each test signs in anew."""
    tmp = tmp_path_factory.mktemp("signin")
    folder = tmp / "place"
    (folder / ".streamlit").mkdir(parents=True)
    server = Server(tmp / "data", tmp / "log", folder=folder, env={"HOME": str(tmp)})
    with chromium() as browser, Provider(accounts()) as provider, make_project(f"sqlite:///{tmp}/data/assistant.sqlite3") as project:
        found = Site(server, provider, browser, project, folder / ".streamlit" / "secrets.toml", secrets.token_hex(32))
        found.write()
        with server:
            yield found


@pytest.fixture(autouse=True)
def as_configured(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every browser test finds the provider and the secrets as they should be."""
    yield
    if "site" in request.fixturenames:
        site: Site = request.getfixturevalue("site")
        site.provider.spoil()
        site.write()
        for context in site.browser.contexts:
            context.close()


def title(page: Page) -> str:
    """The heading of the page."""
    return page.locator("h1").first.inner_text()


def menu(page: Page) -> set[str]:
    """Pages in the menu."""
    return {link.inner_text().split("\n")[-1].lower() for link in page.get_by_test_id("stSidebarNavLink").all()}


@browser_test
@slow
def test_without_sign_in_there_is_nothing_but_the_sign_in_page(site: Site) -> None:
    page = site.page()
    use_case = site.project.use_case.id
    for path in ("", "settings", "transcripts?tv=Read", f"review?uc={use_case}", f"assessment?uc={use_case}&n=all", "nonsense"):
        open_page(page, f"{site.server.url}/{path}")
        assert title(page) == TITLE, path
        assert menu(page) == set(), path
        assert page.locator(".stMain button").count() == page.get_by_role("button", name="Sign in").count() == 1, path
        assert "Acme" not in page.content()
        assert "Bea Lund" not in page.content()
    # A cookie that this server did not sign is no sign-in.
    page.context.add_cookies(
        [{"name": "_streamlit_user", "value": '{"email": "admin@example.org", "is_logged_in": true}', "url": site.server.url}]
    )
    open_page(page, site.server.url)
    assert page.get_by_role("button", name="Sign in").count() == 1


@browser_test
@slow
@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_its_pages_and_no_others(site: Site, role: str) -> None:
    page = site.page()
    site.sign_in(page, f"{role}@example.org")
    assert site.provider.exchanged[-1] == f"{role}@example.org"
    allowed = {name for name, roles in PAGES.items() if role in roles}
    assert menu(page) & set(PAGES) == allowed
    if role != "respondent":
        assert f"{role}@example.org · {role}" in page.get_by_test_id("stSidebar").inner_text()
    for name in (*sorted(set(PAGES) - allowed), *sorted(allowed)[:1]):
        open_page(page, f"{site.server.url}/{name}?uc={site.project.use_case.id}")
        assert (title(page).lower() == name) == (name in allowed), name
        assert page.get_by_test_id("stException").count() == 0, name
    if role == "respondent":
        assert "Bea Lund" not in page.content()
        assert "Acme" not in page.content()


@browser_test
@slow
@pytest.mark.parametrize(
    ("role", "asked", "lands"),
    [
        ("reviewer", "review?uc={uc}&rv=Conflicts", "/review?uc={uc}&rv=Conflicts"),
        ("reader", "?uc={uc}&fw=google-mlops", "/?uc={uc}&fw=google-mlops"),
        ("reader", "review?uc={uc}", "/?uc={uc}"),
        ("respondent", "assessment?uc={uc}", "/"),
        ("reader", "nonsense?uc={uc}&rv=no", "/?uc={uc}"),
    ],
)
def test_after_sign_in_people_are_where_they_wanted_to_go_if_they_may(site: Site, role: str, asked: str, lands: str) -> None:
    page = site.page()
    use_case = site.project.use_case.id
    open_page(page, f"{site.server.url}/{asked.format(uc=use_case)}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=f"{role}@example.org", exact=True).click()
    wanted = urlsplit(lands.format(uc=use_case))

    def there(url: str) -> bool:
        found = urlsplit(url)
        return found.path == wanted.path and parse_qs(wanted.query).items() <= parse_qs(found.query).items()

    page.wait_for_url(there)
    page.wait_for_selector("h1")
    settled(page)
    assert there(page.url)
    assert page.get_by_test_id("stException").count() == 0
    # Once only: the next page is the one that was asked for.
    open_page(page, f"{site.server.url}/frameworks?uc={use_case}")
    page.wait_for_timeout(500)
    settled(page)
    assert title(page) == "Frameworks"


@browser_test
@slow
def test_decisions_carry_who_signed_in_and_sign_out_ends_it(site: Site) -> None:
    page, store, use_case = site.page(), site.project.store, site.project.use_case.id
    before = len(store.decisions(use_case))
    site.sign_in(page, "reviewer@example.org")
    open_page(page, f"{site.server.url}/review?uc={use_case}")
    piece = page.locator("[data-evidence]").first.get_attribute("data-evidence")
    page.keyboard.press("a")
    page.wait_for_function("id => document.querySelector('[data-evidence]')?.dataset.evidence !== id", arg=piece)
    assert [(d.evidence, d.reviewer) for d in store.decisions(use_case)[before:]] == [(piece, "reviewer@example.org")]
    ended = site.provider.ended
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    assert site.provider.ended == ended + 1
    open_page(page, f"{site.server.url}/review?uc={use_case}")
    assert title(page) == TITLE


REFUSED = {
    "nobody@example.org": "The account nobody@example.org has no role here",
    "admin@unverified.example": "gave no verified e-mail address",
    "admin@word.example": "gave no verified e-mail address",
    "admin@silent.example": "gave no verified e-mail address",
}


@browser_test
@slow
def test_an_account_that_may_not_enter_is_told_why_and_can_sign_out(site: Site) -> None:
    page = site.page()
    for account, words in REFUSED.items():
        site.sign_in(page, account)
        assert words in page.locator(".stMain").inner_text()
        assert menu(page) == set()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Sign in").wait_for()


@browser_test
@slow
def test_a_token_that_is_not_for_this_sign_in_is_refused(site: Site) -> None:
    page = site.page()
    spoilt: dict[str, dict[str, object]] = {"nonce": {"nonce": "other"}, "audience": {"aud": "another-client"}, "key": {"forged": True}}
    for name, changes in spoilt.items():
        site.provider.spoil(**changes)  # type: ignore[arg-type]
        site.sign_in(page, "admin@example.org")
        assert page.get_by_role("button", name="Sign in").count() == 1, name
        assert menu(page) == set(), name
    site.provider.spoil()
    site.sign_in(page, "admin@example.org")
    assert "settings" in menu(page)


@browser_test
@slow
def test_a_code_of_somebody_else_or_with_another_state_is_refused(site: Site) -> None:
    page = site.page()
    open_page(page, site.server.url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="admin@example.org", exact=True).wait_for()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    good = site.provider.choose(asked | {"as": "admin@example.org"})
    exchanged = len(site.provider.exchanged)
    other = site.page()
    for who, address in ((page, good.replace(asked["state"], "x" * 30)), (other, good)):
        # The wrong state in the right browser, and the right one in a browser that did not ask.
        open_page(who, address)
        assert who.get_by_role("button", name="Sign in").count() == 1
    assert len(site.provider.exchanged) == exchanged, "the code was not even spent"
    open_page(page, good)
    assert "settings" in menu(page)


@browser_test
@slow
def test_a_role_taken_away_is_gone_at_once(site: Site) -> None:
    page, store, use_case = site.page(), site.project.store, site.project.use_case.id
    site.sign_in(page, "reviewer@example.org")
    open_page(page, f"{site.server.url}/review?uc={use_case}")
    page.locator("[data-evidence]").first.wait_for()
    before = len(store.decisions(use_case))
    site.write({"admin": ["admin@example.org"], "reader": ["reviewer@example.org"]})
    page.keyboard.press("a")
    page.get_by_text("The role reader may not").first.wait_for()
    assert len(store.decisions(use_case)) == before
    open_page(page, f"{site.server.url}/review?uc={use_case}")
    assert title(page) == "Home"
    site.write({"admin": ["admin@example.org"]})
    open_page(page, site.server.url)
    assert "has no role here" in page.locator(".stMain").inner_text()
    site.write({"admin": ["reviewer@example.org"]})
    open_page(page, site.server.url)
    assert "settings" in menu(page)


@browser_test
@slow
def test_damaged_secrets_let_nobody_in_and_mended_ones_work_again(site: Site) -> None:
    page, stranger = site.page(), site.page()
    site.sign_in(page, "admin@example.org")
    for damage in ("[auth\nbroken", None, "", '[auth]\nredirect_uri = "x"\n'):
        if damage is None:
            site.secrets.unlink()
        else:
            site.secrets.write_text(damage)
        for who in (page, stranger) if damage == "" else (page,):
            who.goto(f"{site.server.url}/settings")
            who.get_by_test_id("stAlert").first.wait_for()
            settled(who)
            assert "secrets.toml" in who.locator(".stMain").inner_text(), damage
            assert menu(who) == set(), damage
            assert "Traceback" not in who.content()
    site.write()
    for _ in range(3):
        # Streamlit reads the cookie before a page runs: it knows the mended secrets at the second visit at the latest.
        open_page(page, site.server.url)
        if "settings" in menu(page):
            return
    pytest.fail("the mended secrets did not let the admin back in")


# ---------------------------------------------------------------- the command


GOOD = {
    "redirect_uri": "http://localhost:8501/oauth2callback", "cookie_secret": "k" * 8 + "0123456789abcdef" * 3, "client_id": "assistant",
    "client_secret": "7d1f0a", "server_metadata_url": "https://id.example/.well-known/openid-configuration",
}  # fmt: skip
SOMEBODY: dict[str, object] = {"admin": ["anna@example.org"]}


def configured() -> str:
    """Secrets with which the app starts."""
    return "[auth]\n" + "".join(f'{k} = "{v}"\n' for k, v in GOOD.items()) + '[roles]\nadmin = "anna@example.org"\n'


@slow
def test_with_sign_in_other_machines_are_let_in(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(configured())
    env = {"HOME": str(tmp_path / "home")}
    with (
        Server(tmp_path / "data", tmp_path / "log", folder=tmp_path, env=env, host="0.0.0.0") as server,
        urllib.request.urlopen(f"{server.url}/_stcore/health") as answer,
    ):
        assert answer.status == 200


def test_without_it_or_with_one_that_cannot_work_the_command_says_so_and_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from assistant.cli.app import run

    (tmp_path / ".streamlit").mkdir()
    path = tmp_path / ".streamlit" / "secrets.toml"
    for content, options, words in (
        ("", ["--host", "0.0.0.0"], "without sign-in"),
        ("[auth]\nredirect_uri = \n", [], "is not valid TOML"),
        (configured().replace("cookie_secret", "cookie"), [], "lacks cookie_secret"),
        (configured().replace(GOOD["client_id"], "xxx"), ["--host", "0.0.0.0"], "still a placeholder"),
    ):
        path.write_text(content)
        assert run(["app", "--no-browser", "--no-samples", *options]) == 2
        said = capsys.readouterr().err.strip().splitlines()
        assert words in said[-1]
        assert said[-1].startswith("error: ")
        assert " — " in said[-1], "it says what to do"


# ---------------------------------------------------------------- what cannot work


def test_a_good_configuration_is_taken() -> None:
    assert identity.sign_in({}) is None
    assert identity.sign_in({"roles": SOMEBODY}) is None
    assert identity.sign_in({"auth": GOOD, "roles": SOMEBODY}) == identity.SignIn(("default",), SOMEBODY, GOOD)
    shared = {k: GOOD[k] for k in ("redirect_uri", "cookie_secret")}
    section = {k: GOOD[k] for k in identity.NEEDED}
    two: dict[str, Any] = {"auth": shared | {"okta": section, "microsoft": section}, "roles": SOMEBODY}
    assert identity.sign_in(two) == identity.SignIn(("okta", "microsoft"), SOMEBODY, two["auth"])


@pytest.mark.parametrize("key", sorted(GOOD))
@pytest.mark.parametrize("value", [None, "", "  ", 7, "xxx", "<your value>", "change-me", "..."])
def test_what_is_missing_or_a_placeholder_is_named(key: str, value: object) -> None:
    changed = {k: v for k, v in (GOOD | {key: value}).items() if v is not None}
    with pytest.raises(SettingsError, match=key) as raised:
        identity.sign_in({"auth": changed, "roles": SOMEBODY})
    assert "secrets.toml" in raised.value.remedy


@pytest.mark.parametrize(
    ("auth_section", "roles", "words"),
    [
        ({}, SOMEBODY, "redirect_uri"), ("yes", SOMEBODY, "auth is no table"), (GOOD, {}, "nobody a role"), (GOOD, "x", "nobody a role"),
        (GOOD, {"admins": ["a@x.org"]}, "unknown entry admins"), (GOOD, {"default": "boss"}, "default in"), (GOOD, {"admin": [1]}, "admin in"),
        (GOOD | {"cookie_secret": "short"}, SOMEBODY, "fewer than 32"), (GOOD | {"redirect_uri": "localhost:8501"}, SOMEBODY, "redirect_uri"),
        (GOOD | {"redirect_uri": "http://localhost:8501/"}, SOMEBODY, "redirect_uri"),
        (GOOD | {"server_metadata_url": "https://id.example/{tenant}/x"}, SOMEBODY, "server_metadata_url"),
        (GOOD | {"my_idp": {}}, SOMEBODY, "underscore"), (GOOD | {"okta": {"client_id": "x1"}}, SOMEBODY, r"\[auth.okta\] lacks client_secret"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_said(auth_section: object, roles: object, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        identity.sign_in({"auth": auth_section, "roles": roles})


def test_the_same_files_as_streamlit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, here, mounted = tmp_path / "home.toml", tmp_path / "here.toml", tmp_path / "mounted"
    home.write_text('[auth]\nclient_id = "home"\n[roles]\nadmin = "a@x.org"\n')
    here.write_text('[auth]\nclient_id = "here"\n')
    for folder, name, text in (("auth", "client_id", "mounted\n"), ("auth", "client_secret", "s"), ("plain", "value", " v ")):
        (mounted / folder).mkdir(parents=True, exist_ok=True)
        (mounted / folder / name).write_text(text)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    before = config.get_option("secrets.files")
    try:
        for files in (
            [home],
            [home, here],
            [here, home],
            [tmp_path / "none.toml", here],
            [home, mounted],
            [mounted, here],
            [tmp_path / "none.toml"],
        ):
            config.set_option("secrets.files", [str(f) for f in files])
            ours = identity.read(st.get_option("secrets.files"))
            theirs = Secrets()
            assert ours == (theirs.to_dict() if theirs.load_if_toml_exists() else {})
    finally:
        config.set_option("secrets.files", before)


@pytest.mark.parametrize("content", [b"[auth\n", b"auth = nothing\n", b"\xff\xfe[auth]\n"])
def test_a_damaged_file_is_an_error_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secrets.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        identity.read([str(path)])
    with pytest.raises(SettingsError, match="can hold no secrets"):
        identity.read([str(tmp_path / "secrets.json")])


def test_once_asked_for_sign_in_is_never_left_out(tmp_path: Path) -> None:
    before = config.get_option("secrets.files")
    path = tmp_path / "secrets.toml"
    try:
        config.set_option("secrets.files", [str(path)])
        assert signin.configuration() is None
        path.write_text(configured())
        assert signin.configuration() is not None
        path.write_text("")
        with pytest.raises(SettingsError, match="not configured any more"):
            signin.configuration()
    finally:
        config.set_option("secrets.files", before)


def test_a_service_call_asks_for_the_role_anew() -> None:
    table: dict[str, object] = {"reviewer": ["r@x.org"]}
    user = signed_in({"email": "r@x.org", "email_verified": True}, lambda: table)
    assert user == User("r@x.org", AppRole.REVIEWER)
    check(user, frozenset({AppRole.REVIEWER}), "review")
    table["reader"] = table.pop("reviewer")
    with pytest.raises(PermissionDenied, match="role reader"):
        check(user, frozenset({AppRole.REVIEWER}), "review")
    table.clear()
    with pytest.raises(PermissionDenied, match="no role"):
        check(user, frozenset(AppRole), "read")


@pytest.mark.parametrize(
    ("verified", "trusting", "accepted"),
    [(True, False, True), (None, False, False), (None, True, True), (False, True, False), ("false", True, False), ("true", False, False)],
)
def test_an_address_counts_once_the_provider_verified_it(verified: object, trusting: bool, accepted: bool) -> None:
    claims = {"email": "a@x.org"} | ({} if verified is None else {"email_verified": verified})
    table: dict[str, object] = {"admin": ["a@x.org"], "provider_verifies_addresses": trusting}
    if accepted:
        assert signed_in(claims, lambda: table).role is AppRole.ADMIN
    else:
        with pytest.raises(PermissionDenied, match="no verified"):
            signed_in(claims, lambda: table)
