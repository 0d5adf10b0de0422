import pytest

from beacon.contracts.column_lineage import derive_column_lineage, referenced_tables

SCHEMAS = {
    "a.t": {"x": "INTEGER", "y": "INTEGER", "k": "VARCHAR"},
    "a.empty": {},
    "a.u": {"k": "VARCHAR", "z": "DOUBLE", "g": "GEOMETRY", "l": "VARCHAR[]"},
}
TX, TY, TK = ("a.t", "x"), ("a.t", "y"), ("a.t", "k")
UK, UZ = ("a.u", "k"), ("a.u", "z")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("-- table: a.b\nselect x as v, 1 as one, count(*) as n from a.t group by all",
         {"v": [TX], "one": [], "n": []}),
        ("with c as (select t.k, t.x + u.z as s from a.t join a.u on t.k = u.k) "
         "select k, s * 2 as s from c", {"k": [TK], "s": [TX, UZ]}),
        ("select t.*, u.z from a.t as t left join a.u as u using (k)",
         {"x": [TX], "y": [TY], "k": [TK], "z": [UZ]}),
        ("select x as v from a.t union all select z from a.u", {"v": [TX, UZ]}),
        ("select k, sum(x) over (partition by k order by y) as w from a.t",
         {"k": [TK], "w": [TK, TX, TY]}),
        ("select * exclude (y) from a.t", {"x": [TX], "k": [TK]}),
        ("select * replace (x + y as x) from a.t", {"x": [TX, TY], "y": [TY], "k": [TK]}),
        ("select k, n, v from a.t unpivot (v for n in (x, y))",
         {"k": [TK], "n": [TX, TY], "v": [TX, TY]}),
        ("with m as (unpivot a.t on x, y into name n value v) select k, v from m",
         {"k": [TK], "v": [TX, TY]}),
        ("unpivot a.t on x, y into name n value v", {"k": [TK], "n": [TX, TY], "v": [TX, TY]}),
        ("select (select max(z) from a.u) as m from a.t", {"m": [UZ]}),
        ("with recursive r as (select x from a.t union all select x + 1 from r where x < 9) "
         "select x from r", {"x": [TX]}),
        ("select x as v, v + 1 as w from a.t", {"v": [TX], "w": [TX]}),
        ("select wilson_lower(x, y) filter (k = 'a') as p from a.t", {"p": [TK, TX, TY]}),
        # by name: the columns must not be paired by position
        ("select x, k from a.t union all by name select k, z as x from a.u",
         {"x": [TX, UZ], "k": [TK, UK]}),
        ("with e as (select x from a.t union all by name select k, z from a.u) select * from e",
         {"x": [TX], "k": [UK], "z": [UZ]}),
        ("with f as (select * from a.u), e as (select x, k from a.t union by name select k, z "
         "from f union all by name select y from a.t) select k, z, y, x from e",
         {"k": [TK, UK], "z": [UZ], "y": [TY], "x": [TX]}),
        ("with f as (select z, k from a.u) select k from a.t union all by name select * from f",
         {"k": [TK, UK], "z": [UZ]}),
    ],
)  # fmt: skip
def test_lineage(sql: str, expected: dict[str, list[tuple[str, str]]]) -> None:
    found = derive_column_lineage(sql, SCHEMAS)
    assert found.notes == {}
    assert {name: set(sources) for name, sources in found.items()} == {
        name: set(sources) for name, sources in expected.items()
    }


@pytest.mark.parametrize(
    ("sql", "column", "note"),
    [
        ("select x, v from (select x, q.v from a.t, range(3) as q(v))", "v", "not from a table"),
        ("select t.x, z.k from a.t, nowhere as z", "k", "nowhere"),
        ("select nope, x from a.t", "nope", "no known column nope"),
        ("select t.x, f.c from a.t, read_csv('f.csv') as f", "c", "not from a table"),
        ("select columns('z|g') from a.u", "*", ""),
    ],
)
def test_what_cannot_be_followed_has_no_lineage_and_a_note(
    sql: str, column: str, note: str
) -> None:
    found = derive_column_lineage(sql, SCHEMAS)
    assert found.get(column, []) == []
    assert note in " ".join(found.notes.values())
    if column != "*":
        assert list(found.notes) == [column]
        assert found["x"] == [TX]


@pytest.mark.parametrize(
    "sql",
    [
        "pivot a.t on y using sum(x)",
        "select * from (pivot a.t on y using sum(x))",
        "with u as (pivot a.t on y using sum(x)) select * from u",  # not a.u
        "with u as (unpivot a.t on columns(* exclude k) into name n value z) select z from u",
        "select * from nowhere",
        "select x from (select x from a.t union all by name select * from nowhere)",
        "this is not sql ((",
        "create table b as select 1",
        "values (1)",
        "select x from a.empty",
        "",
    ],
)
def test_a_query_that_cannot_be_followed_gives_a_note_and_never_a_guess(sql: str) -> None:
    found = derive_column_lineage(sql, SCHEMAS)
    assert not any(found.values())
    assert found.notes


def test_sqlglot_is_kept_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    derive_column_lineage("with u as (pivot a.t on y using sum(x)) select * from u", SCHEMAS)
    assert capfd.readouterr() == ("", "")


def test_referenced_tables() -> None:
    sql = "with c as (select * from a.t) select * from c join a.u using (k)"
    assert referenced_tables(sql) == {"a.t", "a.u"}
    assert referenced_tables("((") is None
