"""The page review: see ``views.review``."""

from assistant.ui.views import review

review.draw()
