"""The page settings: see ``views.settings``."""

from assistant.ui.views import settings

settings.draw()
