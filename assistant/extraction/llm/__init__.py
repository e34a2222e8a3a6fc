"""The LLM engine: evidence from any OpenAI-compatible model, grounded, budgeted, resumable.

redact      Transcript -> Transcript without names, with a way back
windows     Transcript -> few windows of relevant turns
codebook    Framework -> short ids and texts
request     Window -> messages, strict schema, hash
budget      requests -> calls, tokens, cost; caps
client      request -> reply, through LangChain
retry       which failures are tried again, and when
sender      request -> reply, from the cache or the endpoint; repaired once
reply       reply -> items, validated
engine      all of it for many transcripts at once
consensus   several codings -> one, with votes
batch       requests and replies as OpenAI Batch files
"""
