"""The page frameworks: see ``views.frameworks``."""

from assistant.ui.views import frameworks

frameworks.draw()
