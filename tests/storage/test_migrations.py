"""The schema's steps: each up, down and up again on both storages, ending where the tables of the code are."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from smartapp.storage.database import Database, SchemaError, _config, newest
from smartapp.storage.tables import metadata

REVISIONS = [step.revision for step in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions()))]


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    with closing(Database(empty_url)) as database:
        yield database


def shape(database: Database) -> dict[str, object]:
    """Every table's columns and indexes."""
    found = inspect(database.engine)
    return {
        table: (
            sorted((column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(table)),
            sorted((str(index["name"]), tuple(index["column_names"])) for index in found.get_indexes(table)),
        )
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_each_step_up_down_and_up_again(empty: Database) -> None:
    before: dict[str, object] = {}
    for revision in REVISIONS:
        empty.move(lambda config, to=revision: command.upgrade(config, to))
        after = shape(empty)
        empty.move(lambda config: command.downgrade(config, "-1"))
        assert shape(empty) == before
        empty.move(lambda config, to=revision: command.upgrade(config, to))
        assert shape(empty) == after != before
        before = after


def test_all_the_way_down_leaves_nothing(empty: Database) -> None:
    empty.upgrade()
    empty.move(lambda config: command.downgrade(config, "base"))
    assert (shape(empty), empty.current()) == ({}, "")


def test_the_steps_end_at_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_there_is_one_line_of_steps() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert newest() == REVISIONS[-1]


@pytest.mark.parametrize("revision", ["base", *REVISIONS[:-1]])
def test_no_schema_but_this_versions_is_used(empty: Database, revision: str) -> None:
    empty.upgrade()
    empty.check()
    empty.move(lambda config: command.downgrade(config, revision))
    with pytest.raises(SchemaError, match="run smartapp db upgrade"):
        empty.check()


def test_a_schema_of_a_later_program_is_left_alone(empty: Database) -> None:
    empty.upgrade()
    with empty.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0007'")
    for used in (empty.check, empty.upgrade):
        with pytest.raises(SchemaError, match="version 0007, which this program does not know"):
            used()


def test_a_step_that_fails_leaves_the_schema_as_it_was(empty: Database) -> None:
    empty.upgrade()
    before = shape(empty)
    with pytest.raises(RuntimeError):
        empty.move(lambda config: (command.downgrade(config, "base"), fail())[0])
    assert (shape(empty), empty.current()) == (before, REVISIONS[-1])


def fail() -> None:
    raise RuntimeError


def test_of_two_that_upgrade_at_once_one_does_it(empty_url: str) -> None:
    problems: list[Exception] = []

    def upgrade() -> None:
        with closing(Database(empty_url)) as database:
            try:
                database.upgrade()
            except Exception as problem:  # noqa: BLE001 - whatever it is, the test shows it
                problems.append(problem)

    threads = [threading.Thread(target=upgrade) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
