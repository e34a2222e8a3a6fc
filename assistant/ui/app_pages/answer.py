"""The page answer: see ``views.answering``."""

from assistant.ui.views import answering

answering.draw()
