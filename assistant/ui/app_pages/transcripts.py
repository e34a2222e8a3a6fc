"""The page transcripts: see ``views.transcripts``."""

from assistant.ui.views import transcripts

transcripts.draw()
