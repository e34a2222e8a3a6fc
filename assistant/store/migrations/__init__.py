"""Alembic migrations; they ship with the package, so that an installed wheel can migrate."""
