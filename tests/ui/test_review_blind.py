"""Who reviews blind sees neither what others decided nor what they wrote; the assessment counts the common state."""

from __future__ import annotations

from test_review_forms import run, text
from ui_support import Project

from assistant.models import Polarity, Status
from assistant.store import ReviewMode
from assistant.ui.access import AppRole, User
from assistant.ui.services import reviewing, transcripts
from assistant.ui.services.reviewing import Queue, Waiting
from assistant.ui.services.transcripts import Coding

EVA, BOB = User("Eva", AppRole.ASSESSOR), User("Bob", AppRole.ASSESSOR)
ELEMENT = "organisation.roles"


def test_counts_are_ones_own(project: Project) -> None:
    s, u, f, e = project.store, project.use_case.id, project.framework, project.evidence[0]
    s.set_review_mode(u, ReviewMode.BLIND)
    reviewing.decide(BOB, s, u, e.id, "reject", reason="no")
    eva, bob = (reviewing.own_counts(who, s, u, f)[e.element] for who in (EVA, BOB))
    assert (eva.waiting, eva.rejected) == (1, 0)
    assert (bob.waiting, bob.rejected) == (0, 1)
    assert reviewing.element_counts(EVA, s, u, f)[e.element].rejected == 1


def test_evidence_of_others_makes_no_conflict(project: Project) -> None:
    s, u, f, e = project.store, project.use_case.id, project.framework, project.evidence[0]
    s.set_review_mode(u, ReviewMode.BLIND)
    for statement in (f.element(ELEMENT).statements[0], f.element(ELEMENT).statements[-1]):
        coding = Coding(ELEMENT, 1, 5, statement.id, Polarity.PRESENT, Status.CURRENT)
        transcripts.add_evidence(BOB, s, u, f, project.transcript.id, e.start, e.end, coding)
    assert ELEMENT not in reviewing.own_counts(EVA, s, u, f)
    assert reviewing.own_counts(BOB, s, u, f)[ELEMENT].conflict
    assert reviewing.element_counts(EVA, s, u, f)[ELEMENT].conflict
    in_conflict = Queue(waiting=Waiting.ALL, conflicts=True, element=ELEMENT)
    assert reviewing.left(EVA, s, u, f, in_conflict).total == 0
    assert reviewing.left(BOB, s, u, f, in_conflict).total == 2
    at = run("review", uc=u, rv="Conflicts", el=ELEMENT)
    assert f.element(ELEMENT).name not in text(at)
    assert ELEMENT not in [x.value for x in at.selectbox]


def test_shared_reviewers_see_one_state(project: Project) -> None:
    s, u, f, e = project.store, project.use_case.id, project.framework, project.evidence[0]
    reviewing.decide(BOB, s, u, e.id, "reject", reason="no")
    assert reviewing.own_counts(EVA, s, u, f) == reviewing.element_counts(EVA, s, u, f)
    assert reviewing.own_counts(EVA, s, u, f)[e.element].rejected == 1
