"""No value of a person is anywhere outside the secure home, in a name or in any file's bytes."""

import duckdb

from tests.unit.people.fixtures import PeopleRun


def test_nothing_of_a_person_crosses(people_run: PeopleRun) -> None:
    key = people_run.secure.key
    pseudonyms = [
        row[0].encode()
        for row in duckdb.sql(f"select pseudonym from '{key}' limit 2000").fetchall()
    ]
    assert len(pseudonyms) == 2000
    outside = [path for path in people_run.ordinary.rglob("*") if path.is_file()]
    assert outside
    for path in outside:
        columns = {row[0] for row in duckdb.sql(f"describe from '{path}'").fetchall()}
        assert not columns & {"person_id", "pseudonym", "birth_month", "lsoa21_code", "code"}
        bytes_ = path.read_bytes()
        # Uncompressed too: what a column holds, not only how it is stored.
        texts = [
            str(row[0]).encode()
            for name in columns
            for row in duckdb.sql(f"select distinct \"{name}\"::varchar from '{path}'").fetchall()
        ]
        assert not [p for p in pseudonyms if p in bytes_]
        assert not set(texts) & set(pseudonyms)
    assert people_run.secure.root.stat().st_mode & 0o777 == 0o700
    log = people_run.secure.log.read_text()
    assert log.count('"crossed"') == len(outside)
    assert not [p for p in pseudonyms if p in log.encode()]
