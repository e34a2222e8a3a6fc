"""Names out, offsets back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.extraction.llm.redact import Names, redact
from tests.llm_support import conversation


def text_of(said: str, names: Names | None = None, region: str | None = None) -> str:
    redacted = redact(conversation(("Ines", "Hm?"), ("Bo Berg", said)), names or Names(), region=region)
    turn = redacted.transcript.turns[1]
    return redacted.transcript.text[turn.start : turn.end]


def test_speakers_and_their_parts() -> None:
    assert text_of("Berg climbed a berg.") == "[P2] climbed a berg."
    sent = text_of("Then Berg said that bo  berg's team asked Ines.")
    assert "Berg" not in sent
    assert "berg" not in sent
    assert "Ines" not in sent
    assert sent.count("[P") == 3


def test_the_same_name_has_the_same_placeholder() -> None:
    sent = text_of("Zoë Ångström met ZOE  ANGSTROM and Ångström.", Names(people=("Zoë Ångström",)))
    first = sent.split()[0]
    assert sent == f"{first} met {first} and {first}."


def test_addresses_and_numbers() -> None:
    sent = text_of(
        "Mail a.b-c+d@x-y.co.uk, see https://intra.acme.com/x?y=1, www.acme.io or docs.acme.com/a. Call +46 31 772 10 00 in 2021 at 3.5 GB."
    )
    assert sent.startswith("Mail [EMAIL1], see [URL1], [URL2] or [URL3]")
    assert "acme" not in sent
    assert "[PHONE1] in 2021 at 3.5 GB." in sent
    assert "020 7946 0958" not in text_of("Ring 020 7946 0958 now.", region="GB")
    assert "version 12.4.1 of 1,200,300 rows" in text_of("version 12.4.1 of 1,200,300 rows")


def test_organisations_inside_words_and_short_ones_only_alone() -> None:
    sent = text_of("AcmeCloud by Acme, acme's or acme-wide; IT is not italic, it's IT.", Names(organisations=("Acme",), others=("IT",)))
    assert "cme" not in sent
    assert "italic" in sent


def test_a_label_is_no_name() -> None:
    talk = conversation(("Interviewer", "Hm?"), ("Speaker 2", "Speaker 2 is the loudspeaker 2 metres off."), interviewer="Interviewer")
    assert redact(talk, Names()).transcript.text == talk.text


def test_nothing_to_hide() -> None:
    talk = conversation(("Ines", "Hm?"), ("Bo Berg", "Nothing."))
    redacted = redact(talk, Names(people=("", "—"), others=("  ",)))
    assert redacted.original(0, 5)[0] == 0
    assert [t.speaker for t in redacted.transcript.turns] == ["S1", "S2"]


def test_overlapping_names_become_one() -> None:
    sent = text_of("We are Acme Data Labs here.", Names(organisations=("Acme Data", "Data Labs")))
    assert sent == "We are [ORG1] here."


def test_of_names_that_begin_together_the_longest_stands() -> None:
    names = Names(people=("Acme Berglund",), organisations=("Acme",))
    assert text_of("We ask Acme Berglund, of Acme.", names) == "We ask [P3], of [ORG1]."


def test_turns_begin_and_end_where_they_did_whatever_the_names_length() -> None:
    talk = conversation(("Annelise", "Hm?"), ("Bo", "Annelise and Bo deploy."), ("Annelise", "So?"), interviewer="Annelise")
    new = redact(talk, Names()).transcript
    assert [new.text[t.start : t.end] for t in new.turns] == ["Hm?", "[P1] and [P2] deploy.", "So?"]


@given(
    st.lists(st.sampled_from(["Bo", "Bo Berg", "Acme", "x", "é", "😀", "\u0301", "a@b.co", ". ", " ", "Ines", "ß", "\u200b"]), max_size=25)
)
def test_every_span_finds_its_way_back(pieces: list[str]) -> None:
    talk = conversation(("Ines", "Hm?"), ("Bo Berg", "So " + "".join(pieces) + " end"))
    redacted = redact(talk, Names(organisations=("Acme",)))
    new, old = redacted.transcript.text, talk.text
    assert "acme" not in new.casefold()
    at = 0
    for swap in redacted.swaps:
        assert new[at : swap.new_start] == old[redacted.original(at, swap.new_start)[0] : swap.start] or at == swap.new_start
        assert new[swap.new_start : swap.new_end] == swap.placeholder
        assert redacted.original(swap.new_start, swap.new_end) == (swap.start, swap.end)
        assert redacted.original(swap.new_start + 1, swap.new_end - 1) == (swap.start, swap.end)
        at = swap.new_end
    assert redacted.original(len(new), len(new)) == (len(old), len(old))
    for turn, before in zip(redacted.transcript.turns, talk.turns, strict=True):
        assert redacted.original(turn.start, turn.end) == (before.start, before.end)
