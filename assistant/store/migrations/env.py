"""Alembic's entry point. The store hands over an open connection; ``alembic -x url=…`` serves whoever writes a migration."""

from alembic import context
from sqlalchemy import Connection

from assistant.store.schema import metadata


def _run(connection: Connection) -> None:
    # transactional_ddl: the store begins the transaction itself (on SQLite too), so a killed migration leaves nothing behind.
    batch = connection.dialect.name == "sqlite"
    context.configure(connection=connection, target_metadata=metadata, compare_type=True, transactional_ddl=True, render_as_batch=batch)
    with context.begin_transaction():
        context.run_migrations()


def _main() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _run(given)
        return
    from assistant.store.engine import make_engine

    url = context.get_x_argument(as_dictionary=True).get("url", "sqlite:///build/migrations.sqlite3")
    with make_engine(url).connect() as connection:
        _run(connection)
        connection.commit()


_main()
