"""The interview: a guided, semi-structured conversation that knows what is still unknown. No user interface in here.

guide       frameworks/guides/*.yaml -> Guide: questions in parts, elements served, probes
events      what happened, one frozen record each; the log of them is the only truth
ledger      the log folded: questions, coverage, what is pending
policy      the next question: most unknown elements per expected minute, coherent by section
details     cues in an answer: automation, frequency, owner, tool, refusal, …
probing     after an answer: enough, or one probe toward what the evidence lacks
gate        what speaks against a wording, reasons listed
wording     a question tailored by a model, through the gate, else the guide's own
consent     versioned text that names what is stored and who sees it
links       signed, expiring links for respondents
coding      answers -> findings, by the local engine, as they come
reading     the same by a model that the respondent agreed to
speech      a recorded answer -> its words, by a model that the respondent agreed to
languages   which language a few words are in
transcript  log -> our JSON -> Transcript
logs        where a log lives: memory, or the database
engine      the Conductor: one interview, each answer committed before anything else
across      the interviews of a use case together
service     what pages and commands call
"""

from assistant.interview.engine import Conductor
from assistant.interview.guide import Guide, list_guides, load_guide
from assistant.interview.ledger import Ledger, fold

__all__ = ["Conductor", "Guide", "Ledger", "fold", "list_guides", "load_guide"]
