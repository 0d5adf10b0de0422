"""A small fictional extract, run once for all tests of this room."""

from pathlib import Path

import pytest

from tests.unit.people.fixtures import PERSONS, PeopleRun, people_run_of


@pytest.fixture(scope="session")
def people_run(tmp_path_factory: pytest.TempPathFactory) -> PeopleRun:
    """Two extracts of fictional persons, admitted, counted, protected and crossed."""
    root: Path = tmp_path_factory.mktemp("people")
    return people_run_of(root, persons=PERSONS)
