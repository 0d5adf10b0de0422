"""Tables derived beside the steps that ask for them: each after what it reads, and told once."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from beacon.core.settings import Settings
from beacon.deriving import Derivation, DerivingAhead, NotMadeError
from beacon.session import Session
from beacon.warehouse.connection import Warehouse
from beacon.workspace import Workspace

Make = Callable[[Warehouse], Any]


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[list[Warehouse]]:
    workspace = Workspace(Settings(home=tmp_path / "home"))
    with duckdb.connect() as con:
        yield [Warehouse(con.cursor(), workspace) for _ in range(2)]


def one(name: str, *depends: str, make: Make = lambda _: 1) -> Derivation:
    return Derivation(name, frozenset(depends), make)


def test_each_is_made_after_what_it_reads(connections: list[Warehouse]) -> None:
    order: list[str] = []

    def named(name: str) -> Make:
        return lambda _: order.append(name) or len(order)

    chain = ["a", "b", "c", "d"]
    derivations = [
        one(name, *([chain[place - 1]] if place else []), make=named(name))
        for place, name in enumerate(chain)
    ]
    with DerivingAhead(reversed(derivations), connections) as ahead:
        assert ahead.result("d") == 4
    assert order == chain


def test_what_most_waits_for_comes_first(connections: list[Warehouse]) -> None:
    order: list[str] = []
    gate = threading.Event()

    def named(name: str) -> Make:
        return lambda _: gate.wait(10) and order.append(name)

    derivations = [
        one("gate", make=lambda _: gate.wait(10)),
        one("nobody waits for it", "elsewhere", make=named("nobody waits for it")),
        one("first", "elsewhere", make=named("first")),
        one("second", "first", make=named("second")),
    ]
    with DerivingAhead(derivations, connections[:1]) as ahead:
        ahead.have("elsewhere")
        gate.set()
        for derivation in derivations:
            ahead.result(derivation.name)
    assert order[0] == "first"


def test_two_are_made_at_once(connections: list[Warehouse]) -> None:
    meeting = threading.Barrier(2)
    derivations = [one(name, make=lambda _: meeting.wait(10)) for name in ("a", "b")]
    with DerivingAhead(derivations, connections) as ahead:
        assert {ahead.result("a"), ahead.result("b")} == {0, 1}


def test_nothing_is_made_before_what_comes_from_elsewhere_is_there(
    connections: list[Warehouse],
) -> None:
    made = threading.Event()
    derivation = one("a", "staging.one", "staging.two", make=lambda _: made.set())
    with DerivingAhead([derivation], connections) as ahead:
        ahead.have("staging.one")
        assert not made.wait(0.05)
        ahead.have("staging.two")
        assert made.wait(10)


def test_asking_says_that_all_from_elsewhere_is_there(connections: list[Warehouse]) -> None:
    """A step that asks has run after all that it needs, or it would not run."""
    with DerivingAhead([one("a", "staging.one"), one("b", "a")], connections) as ahead:
        assert ahead.result("b") == 1


def test_a_failure_is_raised_where_it_is_asked_for_and_stops_what_reads_it(
    connections: list[Warehouse],
) -> None:
    def fail(warehouse: Warehouse) -> None:
        warehouse.con.execute("select 1 / 'x'")

    derivations = [one("a", make=fail), one("b", "a"), one("c", "b", "a"), one("d")]
    with DerivingAhead(derivations, connections) as ahead:
        assert ahead.result("d") == 1
        with pytest.raises(duckdb.ConversionException):
            ahead.result("a")
        with pytest.raises(NotMadeError, match="b was not made, because a was not"):
            ahead.result("b")
        with pytest.raises(NotMadeError, match="c was not made"):
            ahead.result("c")


def test_a_result_is_given_once(connections: list[Warehouse]) -> None:
    """A step that is tried again makes its tables anew."""
    with DerivingAhead([one("a")], connections) as ahead:
        assert "a" in ahead
        ahead.result("a")
        assert "a" not in ahead


def test_closing_stops_a_query_at_work(connections: list[Warehouse]) -> None:
    started = threading.Event()

    def long(warehouse: Warehouse) -> None:
        started.set()
        warehouse.con.execute("select count(*) from range(10_000_000_000) a where hash(a) = 1")

    began = time.monotonic()
    with DerivingAhead([one("a", make=long), one("b", "a")], connections):
        assert started.wait(10)
    assert time.monotonic() - began < 30
    assert not [t for t in threading.enumerate() if t.name.startswith("beacon-deriving")]


def test_a_run_that_derives_ahead_makes_the_same_tables(sample_home: Path) -> None:
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))

    def tables(session: Session) -> dict[str, list[tuple[Any, ...]]]:
        con = session.warehouse.con
        names = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where schema_name in ('geography', 'cohorts', 'indicators', 'marts') order by all"
        ).fetchall()
        # These have no order yet; what is made of them has.
        order = dict.fromkeys(["indicators.published", "cohorts.lsoa_population"], "order by all")
        return {
            name: con.execute(f"from {name} {order.get(name, '')}").fetchall() for (name,) in names
        }

    with Session(workspace, makes_all=True) as session:
        session.land()
        session.derive_ahead()
        for table in workspace.staging_tables:
            session.stage(table)
        session.derive_all()
        ahead = tables(session)
    with Session(workspace) as session:
        session.derive_all()
        assert tables(session) == ahead
    assert len(ahead) > 35


def test_beginning_anew_gives_up_what_was_begun_before(sample_home: Path) -> None:
    """Files may have been staged again since."""
    with Session(Workspace(Settings(home=sample_home, inputs="sample"))) as session:
        session.derive_ahead()
        before = session._ahead
        session.derive_ahead()
        assert session._ahead is not before
        assert session.derive("geography.area") > 0


def test_every_derivation_says_what_it_reads(sample_home: Path) -> None:
    """What is not made by one of them comes from staging: there is nothing else to wait for."""
    with Session(Workspace(Settings(home=sample_home, inputs="sample"))) as session:
        derivations = session._derivations.all()
        staging = {f"staging.{table}" for table in session.workspace.staging_tables}
    made = [derivation.name for derivation in derivations]
    assert len(made) == len(set(made))
    for place, derivation in enumerate(derivations):
        assert derivation.depends <= staging | set(made[:place]), derivation.name
