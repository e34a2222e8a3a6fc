"""The page assessment: see ``views.assessment``."""

from assistant.ui.views import assessment

assessment.draw()
