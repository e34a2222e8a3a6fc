"""MLOps interview assistant: transcripts in, quoted practice evidence, maturity stages and a report out."""

__version__ = "0.1.0"
