"""The page home: see ``views.home``."""

from assistant.ui.views import home

home.draw()
