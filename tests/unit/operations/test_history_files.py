"""Keeping the files of the run history open while a run writes to them."""

from pathlib import Path

import sqlalchemy
from sqlalchemy.pool import NullPool

from beacon.operations.history_files import history_kept_open


def write(file: Path, statement: str) -> list[tuple[int, ...]]:
    """Connect, do one thing and disconnect, as Dagster does for each event."""
    engine = sqlalchemy.create_engine(f"sqlite:///{file}", poolclass=NullPool)
    with engine.connect() as connection, connection.begin():
        result = connection.execute(sqlalchemy.text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def made(folder: Path) -> Path:
    file = folder / "events.db"
    write(file, "pragma journal_mode = wal")
    write(file, "create table event (number integer)")
    return file


def test_log_of_a_file_outlives_each_connection_until_the_run_ends(tmp_path: Path) -> None:
    file = made(tmp_path)
    assert not log_of(file).exists()
    with history_kept_open():
        write(file, "insert into event values (1)")
        assert log_of(file).exists()
        write(file, "insert into event values (2)")
    assert not log_of(file).exists()
    assert write(file, "select number from event") == [(1,), (2,)]


def test_file_that_is_made_meanwhile_is_kept_open_once_it_has_a_log(tmp_path: Path) -> None:
    with history_kept_open():
        file = made(tmp_path)
        assert log_of(file).exists()
    assert not log_of(file).exists()


def test_commits_wait_for_the_disk_only_when_the_log_is_folded_in(tmp_path: Path) -> None:
    file, full, normal = made(tmp_path), 2, 1
    assert write(file, "pragma synchronous") == [(full,)]
    with history_kept_open():
        assert write(file, "pragma synchronous") == [(normal,)]
    assert write(file, "pragma synchronous") == [(full,)]


def test_file_without_a_log_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "plain.db"
    with history_kept_open():
        write(file, "create table event (number integer)")
        file.unlink()
        write(file, "create table event (number integer)")
    assert [each.name for each in tmp_path.iterdir()] == ["plain.db"]


def test_one_keeping_may_be_inside_another(tmp_path: Path) -> None:
    file = made(tmp_path)
    with history_kept_open():
        with history_kept_open():
            write(file, "insert into event values (1)")
        assert log_of(file).exists()
        write(file, "insert into event values (2)")
    assert not log_of(file).exists()
    assert write(file, "select count(*) from event") == [(2,)]
