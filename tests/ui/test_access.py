"""Every service call as every role: the forbidden are refused before anything else happens, the allowed are not."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ui_support import Project, teams_vtt

import assistant.ui.services
from assistant.embeddings import LocalEmbedder
from assistant.errors import AssistantError, PermissionDenied
from assistant.frameworks import load_framework
from assistant.interview import load_guide, service
from assistant.interview.engine import Setup
from assistant.interview.links import make_link, signing_key
from assistant.models import Polarity, Role, Status
from assistant.pipeline import score_use_case
from assistant.retrieval import Retriever
from assistant.sentences import SentenceIndex
from assistant.settings import get_settings
from assistant.store import EvidenceFilter, ReviewMode
from assistant.store.clock import utc_now
from assistant.transcripts import read_transcript
from assistant.ui import shared
from assistant.ui.access import CALLS, AppRole, User, role_of, signed_in
from assistant.ui.jobs import Jobs
from assistant.ui.preferences import Preferences
from assistant.ui.services.coding import build_engine
from assistant.ui.services.reviewing import Queue
from assistant.ui.services.transcripts import Coding

for module in pkgutil.iter_modules(assistant.ui.services.__path__):
    importlib.import_module(f"assistant.ui.services.{module.name}")

READERS = {"admin", "assessor", "reviewer", "reader"}
REVIEWERS = {"admin", "assessor", "reviewer"}
WORKERS = {"admin", "assessor"}
ALL = {role.value for role in AppRole}
# Written down a second time on purpose: a slip in the code must not pass because the test reads the code.
EXPECTED = {
    **dict.fromkeys(
        ("projects.overview", "projects.choices", "projects.pseudonyms", "projects.open_use_case", "projects.revision", "projects.participants", "reviewing.element_counts",
         "reviewing.in_force", "assessing.assess", "assessing.simulate", "assessing.frozen", "assessing.open_frozen",
         "assessing.with_transcripts", "assessing.report", "assessing.compare"), READERS),
    **dict.fromkeys(
        ("coding.plan", "coding.status", "transcripts.listing", "transcripts.read", "transcripts.evidence_of", "transcripts.add_evidence",
         "transcripts.search_words", "transcripts.search_meaning", "reviewing.left", "reviewing.item", "reviewing.following",
         "reviewing.preceding", "reviewing.decide", "reviewing.last_decisions", "reviewing.undo", "reviewing.bulk_preview",
         "reviewing.bulk_confirm", "reviewing.history", "reviewing.coders", "reviewing.own_counts", "reviewing.sides", "reviewing.newest_element_decision",
         "reviewing.decide_element"), REVIEWERS),
    **dict.fromkeys(
        ("projects.create", "projects.rename_organisation", "projects.rename_use_case", "projects.archive_organisation",
         "projects.archive_use_case", "projects.describe_participant", "coding.start", "coding.cancel", "coding.cost", "coding.choice",
         "transcripts.preview", "transcripts.save", "transcripts.set_roles", "reviewing.set_mode", "assessing.freeze"), WORKERS),
    **dict.fromkeys(
        ("interviewing.guides", "interviewing.taken", "interviewing.watch", "interviewing.export", "interviewing.together"), REVIEWERS),
    **dict.fromkeys(
        ("interviewing.own_guide", "interviewing.set_up", "interviewing.invite", "interviewing.conduct", "interviewing.captions", "interviewing.keep",
         "interviewing.withdraw"), WORKERS),
    # With a link whoever holds it may; what it opens is tested with the links.
    **dict.fromkeys(
        ("answering.check_link", "answering.answer", "answering.keep_answers", "answering.own_words", "answering.withdraw_answers"), ALL),
    **dict.fromkeys(("library.settings_in_force", "library.save_settings", "library.sent", "library.audit"), {"admin"}),
    **dict.fromkeys(("library.frameworks", "library.framework", "library.benchmark", "library.search"), ALL),
}  # fmt: skip


@pytest.fixture
def arguments(project: Project) -> dict[str, tuple[object, ...]]:
    """What each call is tried with: real ids, so that an allowed call goes through or fails for its own reasons."""
    s, u, f, t = project.store, project.use_case.id, project.framework, project.transcript
    first = project.evidence[0]
    jobs = Jobs(s, lambda name, framework, use_case: build_engine(s, get_settings(), name, framework, use_case))
    file = score_use_case(s, u, f)
    data = teams_vtt("Somebody Else")
    other = read_transcript(data, name="other.vtt")
    embedder = LocalEmbedder()
    coding = Coding(first.element, 1, 2, None, Polarity.PRESENT, Status.CURRENT)
    person, queue, item = s.participants(u)[0].id, Queue(), s.evidence_item(u, first.id)
    guide = load_guide()
    talk, gone = (service.create(s, u, guide, Setup(respondent=name)) for name in ("Ann", "Bo"))
    token = make_link(talk, signing_key(get_settings()), utc_now())
    within = {
        "overview": (s, f.id), "choices": (s,), "pseudonyms": (s, u), "open_use_case": (s, u), "revision": (s, u), "participants": (s, u), "create": (s, "Org", "Case"),
        "rename_organisation": (s, project.use_case.organisation, "New"), "rename_use_case": (s, u, "New"),
        "archive_organisation": (s, project.use_case.organisation, False), "archive_use_case": (s, u, False), "plan": (s, u, f),
        "start": (jobs, s, u, f, "local", ()), "status": (jobs, u), "cancel": (jobs, u), "choice": (get_settings(),), "cost": (s, get_settings(), u, f, (t.id,)),
        "preview": ("other.vtt", data), "save": (s, u, other, data), "listing": (s, u), "read": (s, u, t.id),
        "set_roles": (s, u, t.id, {"Ines Falk": Role.INTERVIEWER}), "evidence_of": (s, u, t.id, EvidenceFilter()),
        "add_evidence": (s, u, f, t.id, first.start, first.start + 20, coding), "search_words": (s, u, "model"),
        "search_meaning": (s, SentenceIndex(embedder, get_settings().data_dir / "x"), u, "model"), "left": (s, u, f, queue),
        "item": (s, u, first.id), "following": (s, u, f, queue, None), "preceding": (s, u, f, queue, item),
        "decide": (s, u, first.id, "confirm"), "last_decisions": (s, u), "undo": (s, u, first.id), "bulk_preview": (s, u, f, queue),
        "bulk_confirm": (s, u, {first.id: None}), "history": (s, u, first.id), "coders": (s, u), "element_counts": (s, u, f),
        "own_counts": (s, u, f), "sides": (s, u, f, first.element), "in_force": (s, u, f), "newest_element_decision": (s, u, f, first.element),
        "set_mode": (s, u, ReviewMode.SHARED), "assess": (s, u, f, "confirmed"), "simulate": (f, file.assessment, {}),
        "freeze": (s, u, f, file.assessment, "label"), "frozen": (s, u), "open_frozen": (s, "none"),
        "with_transcripts": (s, u, file.assessment), "report": (file, f, "md"), "compare": (s, u, file.assessment, file.assessment),
        "frameworks": (), "framework": (f.id,), "benchmark": (f.id,), "search": (Retriever(load_framework(), embedder, None), "release"),
        "settings_in_force": (get_settings(),), "save_settings": (get_settings(), Preferences()), "sent": (s,), "audit": (s,),
        "guides": (), "own_guide": (b"id: x", "x.yaml"), "set_up": (s, u, guide, Setup(respondent="Eva")), "invite": (s, get_settings(), talk),
        "taken": (s, u), "watch": (s, talk), "conduct": (s, get_settings(), talk), "captions": ("A: How? B: So.",), "keep": (s, talk), "withdraw": (s, gone, "asked to"),
        "export": (s, talk), "together": (s, u, f), "check_link": (s, get_settings(), token), "answer": (s, get_settings(), token),
        "keep_answers": (s, get_settings(), token), "own_words": (s, get_settings(), token), "withdraw_answers": (s, get_settings(), token),
        "describe_participant": (s, person), "decide_element": (s, u, f, first.element, "not_applicable"),
    }  # fmt: skip
    return {name: within[name.split(".")[1]] for name in CALLS}


KEYWORDS: dict[str, dict[str, object]] = {
    "projects.describe_participant": {"name": "N", "role": "R"}, "reviewing.decide_element": {"reason": "because"},
}  # fmt: skip


def test_every_call_is_in_the_matrix() -> None:
    assert set(CALLS) == set(EXPECTED)


def test_every_call_as_every_role(arguments: dict[str, tuple[object, ...]]) -> None:
    for name, (function, _) in CALLS.items():
        for role in AppRole:
            user = User(f"{role.value}@example.org", role)
            refused = _refused(function, user, arguments[name], KEYWORDS.get(name, {}))
            assert refused == (role.value not in EXPECTED[name]), f"{name} as {role.value}"


def _refused(function: Callable[..., object], user: User, args: tuple[object, ...], kwargs: dict[str, object]) -> bool:
    try:
        function(user, *args, **kwargs)
    except PermissionDenied as error:
        assert error.remedy
        # A link that was used to withdraw opens nothing any more, for every role alike.
        return "withdrawn" not in error.message and f"the role {user.role.value} " in error.message
    except AssistantError:
        return False
    return False


def test_no_service_function_takes_a_user_without_the_check() -> None:
    for path in Path(assistant.ui.services.__file__).parent.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            takes_user = isinstance(node, ast.FunctionDef) and node.args.args and node.args.args[0].arg == "user"
            if takes_user and not node.name.startswith("_") and node.name != "own_view":
                assert any(isinstance(d, ast.Call) and getattr(d.func, "id", "") == "call" for d in node.decorator_list), node.name


UI = Path(assistant.ui.services.__file__).parents[1]
DRAWING = (*sorted(UI.glob("views/*.py")), *sorted(UI.glob("app_pages/*.py")), UI / "app.py", UI / "here.py", UI / "parts.py")
UNCHECKED = {"assessing.unknowns", "reviewing.own_view"}
"""Of services, pure functions of what a checked call gave."""
OPENED_BY_LINK = {"answering.py"}
"""Whoever holds a respondent's link is nobody who signed in."""
RECORDS = {
    "AddedTranscript",
    "Participant",
    "EvidenceEdit",
    "EvidenceFilter",
    "EvidenceItem",
    "EvidenceOrder",
    "Organisation",
    "ReviewMode",
    "UseCase",
    "Store",
}
"""What pages know of the store: records that services take and give; ``Store`` to hand it on."""


@pytest.mark.parametrize("path", DRAWING, ids=lambda path: path.stem)
def test_pages_reach_data_through_checked_calls_only(path: Path) -> None:
    tree = ast.parse(path.read_text())
    services: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "assistant.ui.services":
            services |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module == "assistant.store":
            assert {alias.name for alias in node.names} <= RECORDS, ast.unparse(node)
        if isinstance(node, ast.ImportFrom) and node.module == "assistant.ui":
            assert not {"preferences", "samples", "vectors"} & {alias.name for alias in node.names}, ast.unparse(node)
    for node in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        called = ast.unparse(node.func)
        owner, _, name = called.rpartition(".")
        assert not owner.endswith(("store", "store()", "jobs()", "sentences()", "Store")), f"{called} in line {node.lineno} has no check"
        assert called != "User" or path.name in OPENED_BY_LINK, f"line {node.lineno} makes a user up"
        if owner in services and not name[0].isupper():
            assert called in CALLS or called in UNCHECKED, f"{called} in line {node.lineno} has no check"
            acting = path.name in OPENED_BY_LINK or called in UNCHECKED or ast.unparse(node.args[0]).endswith("user")
            assert acting, f"{called} in line {node.lineno}: who acts?"


def test_what_was_cached_for_one_role_is_not_given_to_another(project: Project) -> None:
    u, f, t = project.use_case.id, project.framework, project.transcript.id
    admin, reader, respondent = (User("x", role) for role in (AppRole.ADMIN, AppRole.READER, AppRole.RESPONDENT))
    assert shared.transcript(admin, u, t) == project.transcript
    shared.assessment(admin, u, "r1", f, "all")
    shared.headline(admin, u, "r1", f, False)
    shared.assessment(reader, u, "r1", f, "all")
    for refused in (
        lambda: shared.transcript(reader, u, t),
        lambda: shared.assessment(respondent, u, "r1", f, "all"),
        lambda: shared.headline(respondent, u, "r1", f, False),
    ):
        with pytest.raises(PermissionDenied):
            refused()


def test_a_reader_gets_no_names(project: Project) -> None:
    from assistant.ui.services import assessing, projects

    reader, file = User("r", AppRole.READER), score_use_case(project.store, project.use_case.id, project.framework, accept="all")
    assert [p.name for p in projects.participants(reader, project.store, project.use_case.id)] == [""]
    assert "Bea Lund" not in assessing.report(reader, file, project.framework, "html", names=True)


@pytest.mark.parametrize(
    ("email", "role"), [("A@x.org", AppRole.ADMIN), ("b@x.org", AppRole.REVIEWER), ("c@x.org", AppRole.READER), ("d@x.org", None)]
)
def test_roles_come_from_the_table(email: str, role: AppRole | None) -> None:
    table: dict[str, object] = {"admin": ["a@x.org"], "reviewer": ["b@x.org", "a@x.org"], "reader": "c@x.org"}
    if role is None:
        with pytest.raises(PermissionDenied):
            role_of(email, table)
        assert role_of(email, table | {"default": "reader"}) is AppRole.READER
    else:
        assert role_of(email, table) is role


def test_an_unverified_or_missing_address_is_refused() -> None:
    for claims in ({"email": "a@x.org", "email_verified": False}, {}, {"email": ""}):
        with pytest.raises(PermissionDenied):
            signed_in(claims, lambda: {"default": "admin"})
    assert signed_in({"email": "a@x.org", "email_verified": True}, lambda: {"default": "reader"}).role is AppRole.READER
