"""The page interview: see ``views.interview``."""

from assistant.ui.views import interview

interview.draw()
