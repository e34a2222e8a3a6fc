"""Interviews and their transcripts: original bytes, canonical text, turns, and who people say that speakers are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from assistant.errors import InputError, NotFoundError, StoreError
from assistant.models import Role, Transcript, Turn
from assistant.store.base import required
from assistant.store.projects import Projects
from assistant.store.records import AddedTranscript, Interview, InterviewInfo, RoleOverride, TranscriptInfo
from assistant.store.schema import interviews, participants, tombstones, transcript_roles, transcripts

_NOBODY: Final = re.compile(
    r"\W*|(?:unknown|speaker|participant|respondent|interviewee|guest|person|sprecher(?:in)?|locuteur|hablante)[\s_#-]*\w{0,3}",
    re.IGNORECASE,
)
"""Labels that a recogniser gives: the same label in two interviews is not the same person."""

_INFO = [
    transcripts.c[name] for name in ("id", "use_case", "interview", "name", "format", "sha256", "size", "characters", "created_at")
]  # fmt: skip


class Conversations(Projects):
    """Part of `Store`."""

    def add_transcript(
        self,
        use_case: str,
        transcript: Transcript,
        original: bytes,
        info: InterviewInfo | None = None,
        *,
        interview: str | None = None,
        by: str = "local",
    ) -> AddedTranscript:
        """Stores a transcript with the bytes it was read from, in a new interview or in ``interview``.

        The same bytes, or the same words from another format, are stored once a use case. Respondents become participants.
        Raises NotFoundError; InputError where bytes and transcript do not belong together;
        StoreError where an interview with these bytes was erased.
        """
        info = info or InterviewInfo()
        if hashlib.sha256(original).hexdigest() != transcript.sha256:
            raise InputError("the transcript was not read from these bytes", source=transcript.name, remedy="read the file again")
        with self._write() as c:
            self._lock_use_case(c, use_case)
            self._refuse_erased(c, use_case, transcript)
            known = c.execute(
                select(*_INFO, transcripts.c.turn_count.label("turns")).where(
                    transcripts.c.use_case == use_case, or_(transcripts.c.sha256 == transcript.sha256, transcripts.c.id == transcript.id)
                )
            ).mappings().first()  # fmt: skip
            if known is not None:
                return AddedTranscript(info=TranscriptInfo.model_validate(dict(known)), created=False)
            where = interview or self._add_interview(c, use_case, transcript, info, by)
            if interview is not None:
                self._check_interview(c, use_case, interview)
            self._name_speakers(c, use_case, where, transcript, info, by)
            row = self._insert_transcript(c, use_case, where, transcript, original)
            self._log(
                c, "transcript.added", by, transcript.id, use_case=use_case, interview=where, sha256=transcript.sha256, size=transcript.size
            )
            return AddedTranscript(info=TranscriptInfo.model_validate(row), created=True)

    def transcripts(self, use_case: str) -> tuple[TranscriptInfo, ...]:
        """What a use case holds, without the texts, in the order in which interviews were added."""
        query = select(*_INFO, transcripts.c.turn_count.label("turns")).where(transcripts.c.use_case == use_case)
        with self._read() as c:
            rows = c.execute(query.order_by(transcripts.c.interview, transcripts.c.created_at, transcripts.c.id)).mappings()
            return tuple(TranscriptInfo.model_validate(dict(row)) for row in rows)

    def transcript(self, use_case: str, transcript: str) -> Transcript:
        """One transcript with all role overrides applied. Raises NotFoundError."""
        with self._read() as c:
            return self._transcript(c, use_case, transcript)

    def original(self, use_case: str, transcript: str) -> bytes:
        """The bytes that a transcript was read from. Raises NotFoundError."""
        with self._read() as c:
            where = (transcripts.c.use_case == use_case, transcripts.c.id == transcript)
            found = c.execute(select(transcripts.c.original).where(*where)).scalar_one_or_none()
        if found is None:
            raise _no_transcript(transcript)
        return bytes(found)

    def interviews(self, use_case: str) -> tuple[Interview, ...]:
        """All interviews of a use case in the order in which they were added, erased ones too."""
        with self._read() as c:
            return self._interviews(c, interviews.c.use_case == use_case)

    def interview(self, interview: str) -> Interview:
        """One interview. Raises NotFoundError."""
        with self._read() as c:
            found = self._interviews(c, interviews.c.id == interview)
        if not found:
            raise _no_interview(interview)
        return found[0]

    def override_roles(self, use_case: str, transcript: str, overrides: Iterable[RoleOverride], *, by: str = "local") -> Transcript:
        """Says who speakers, or the speakers of single turns, are; earlier words stay on record. Gives the transcript as it now reads.

        Coding it again is a new run (roles are part of its key). Raises NotFoundError, InputError for a speaker or turn that is not there.
        """
        with self._write() as c:
            self._lock_use_case(c, use_case)
            before = self._transcript(c, use_case, transcript)
            where = self._interview_of(c, use_case, transcript)
            for override in overrides:
                _check_override(before, override)
                row = {"id": self._new_id(), "use_case": use_case, "transcript": transcript, "interview": where, "at": self._now()}
                c.execute(transcript_roles.insert().values(**row, **override.model_dump(mode="json"), by=required(by, "who does it")))
                self._log(c, "roles.overridden", by, transcript, use_case=use_case, interview=where, role=override.role, turn=override.turn)
            return self._transcript(c, use_case, transcript)

    # ------------------------------------------------------------ inside a transaction

    def _transcript(self, c: Connection, use_case: str, transcript: str) -> Transcript:
        wanted = ("id", "name", "format", "text", "turns", "sha256", "size", "encoding", "notes")
        of_it = (transcripts.c.use_case == use_case, transcripts.c.id == transcript)
        row = c.execute(select(*(transcripts.c[name] for name in wanted)).where(*of_it)).mappings().one_or_none()
        if row is None:
            raise _no_transcript(transcript)
        of_it = (transcript_roles.c.use_case == use_case, transcript_roles.c.transcript == transcript)
        words = c.execute(select(transcript_roles).where(*of_it).order_by(transcript_roles.c.id)).mappings()
        overrides = [RoleOverride(role=Role(w["role"]), speaker=w["speaker"], turn=w["turn"]) for w in words]
        given = Transcript.model_validate(dict(row))
        return given.model_copy(update={"turns": _apply(given.turns, overrides)}) if overrides else given

    def _interview_of(self, c: Connection, use_case: str, transcript: str) -> str:
        of_it = (transcripts.c.use_case == use_case, transcripts.c.id == transcript)
        found = c.execute(select(transcripts.c.interview).where(*of_it)).scalar_one_or_none()
        if found is None:
            raise _no_transcript(transcript)
        return str(found)

    def _interviews(self, c: Connection, condition: Any) -> tuple[Interview, ...]:
        query = select(interviews, tombstones.c.interview.is_not(None).label("erased")).select_from(
            interviews.outerjoin(tombstones, tombstones.c.interview == interviews.c.id)
        )
        rows = c.execute(query.where(condition).order_by(interviews.c.id)).mappings()
        return tuple(Interview.model_validate(dict(row)) for row in rows)

    def _check_interview(self, c: Connection, use_case: str, interview: str) -> None:
        found = self._interviews(c, (interviews.c.use_case == use_case) & (interviews.c.id == interview))
        if not found:
            raise _no_interview(interview)
        if found[0].erased:
            raise StoreError(f"interview {interview} was erased", remedy="add the transcript to another interview")

    def _refuse_erased(self, c: Connection, use_case: str, transcript: Transcript) -> None:
        """A withdrawn interview must not come back by a second upload of the same file."""
        rows = c.execute(select(tombstones.c.interview, tombstones.c.originals).where(tombstones.c.use_case == use_case)).all()
        for interview, originals in rows:
            if transcript.sha256 in originals or transcript.id in originals:
                raise StoreError(
                    f"{transcript.name} was erased from this use case at a respondent's wish (interview {interview})",
                    remedy="if they agree again, add it to another use case",
                )

    def _add_interview(self, c: Connection, use_case: str, transcript: Transcript, info: InterviewInfo, by: str) -> str:
        new = self._new_id()
        values = {"title": info.title or transcript.name, "held_on": info.held_on, "notes": info.notes, "speakers": {}}
        c.execute(interviews.insert().values(id=new, use_case=use_case, created_at=self._now(), **values))
        self._log(c, "interview.added", by, new, use_case=use_case, interview=new)
        return new

    def _name_speakers(
        self, c: Connection, use_case: str, interview: str, transcript: Transcript, info: InterviewInfo, by: str
    ) -> None:  # fmt: skip
        """Links every respondent's label to a participant: the one given, one of the same name, or a new one."""
        rows = c.execute(select(participants.c.id, participants.c.name).where(participants.c.use_case == use_case)).all()
        people = {row.id for row in rows}
        by_name = {row.name.casefold(): row.id for row in rows}
        linked: dict[str, str] = dict(c.execute(select(interviews.c.speakers).where(interviews.c.id == interview)).scalar_one())
        for label in dict.fromkeys(turn.speaker for turn in transcript.respondent_turns()):
            person = info.participants.get(label)
            if person is not None and person not in people:
                raise NotFoundError(f"there is no participant {person}", remedy="add them to the use case first")
            if person is None and label not in linked:
                person = None if _NOBODY.fullmatch(label) else by_name.get(label.casefold())
                person = person or self._add_participant(c, use_case, label, "", by).id
            if person is not None:
                linked[label] = person
        c.execute(interviews.update().where(interviews.c.id == interview).values(speakers=linked))

    def _insert_transcript(
        self, c: Connection, use_case: str, interview: str, transcript: Transcript, original: bytes
    ) -> Mapping[str, Any]:
        plain = transcript.model_dump(mode="json")
        shown: dict[str, Any] = {
            "use_case": use_case, "interview": interview, "characters": len(transcript.text), "created_at": self._now(),
            **{name: plain[name] for name in ("id", "name", "format", "sha256", "size")},
        }  # fmt: skip
        hidden = {name: plain[name] for name in ("encoding", "notes", "turns", "text")}
        c.execute(transcripts.insert().values(**shown, **hidden, turn_count=len(transcript.turns), original=original))
        return shown | {"turns": len(transcript.turns)}


def _apply(turns: Iterable[Turn], overrides: Iterable[RoleOverride]) -> tuple[Turn, ...]:
    """Turns with the last word on each speaker, then on each single turn."""
    speakers: dict[str, Role] = {}
    single: dict[int, Role] = {}
    for override in overrides:
        if override.turn is not None:
            single[override.turn] = override.role
        elif override.speaker is not None:
            speakers[override.speaker] = override.role
    return tuple(
        turn.model_copy(update={"role": single.get(turn.index, speakers.get(turn.speaker, turn.role))})
        if turn.index in single or turn.speaker in speakers else turn
        for turn in turns
    )  # fmt: skip


def _check_override(transcript: Transcript, override: RoleOverride) -> None:
    remedy = f"the speakers are {', '.join(repr(s) for s in transcript.speakers)}; the turns 0 to {len(transcript.turns) - 1}"
    if (override.speaker is None) == (override.turn is None):
        raise InputError("a role is for one speaker or for one turn", source=transcript.name, remedy=remedy)
    if override.speaker is not None and override.speaker not in transcript.speakers:
        raise InputError(f"nobody is called '{override.speaker}'", source=transcript.name, remedy=remedy)
    if override.turn is not None and not any(turn.index == override.turn for turn in transcript.turns):
        raise InputError(f"there is no turn {override.turn}", source=transcript.name, remedy=remedy)


def _no_transcript(transcript: str) -> NotFoundError:
    return NotFoundError(f"there is no transcript {transcript} in this use case", remedy="it may have been erased; see the audit trail")


def _no_interview(interview: str) -> NotFoundError:
    return NotFoundError(f"there is no interview {interview}", remedy="list them with `assistant project`")
