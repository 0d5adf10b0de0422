"""What few people figures of overlapping areas tell of; an attacker tries with linear algebra."""

from pathlib import Path

import numpy as np
import pytest

from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.disclosure.area_differences import tells_of_few
from beacon.release.area_ledger import GuardedAreaError, guard_and_remember

PEOPLE = {"a": 1000, "b": 1200, "c": 40, "d": 1500, "e": 30, "f": 0}


def area(text: str) -> frozenset[str]:
    return frozenset(text)


@pytest.mark.parametrize(
    ("known", "new", "told"),
    [
        ([], "ab", False),
        (["ab"], "abc", True),  # one holds the other and 40 people
        (["abc"], "ab", True),
        (["ab"], "abd", False),  # 1,500 people more
        (["abc"], "abc", False),  # the same again
        (["abce"], "ab", True),  # 70 people in two LSOAs
        (["ab"], "abf", False),  # nobody lives there
        (["a", "b"], "abc", True),  # by two areas, neither of which is nearly the new one
        (["abc", "b"], "ad", False),  # 'abc' and 'ad' also differ by the 1,500 of 'd'
        (["abc", "b", "d"], "ad", True),  # and these are known
        (["ab", "abc"], "d", False),  # told before, and no more told now
    ],
)
def test_an_area_is_refused_where_it_adds_a_figure_of_few(
    known: list[str], new: str, told: bool
) -> None:
    assert tells_of_few(PEOPLE, [area(each) for each in known], area(new)) is told


@pytest.mark.slow
def test_the_attacker_recovers_none_of_1000_with_50_areas_and_some_without_the_guard() -> None:
    rng = np.random.default_rng(22)
    tried = guarded = unguarded = 0
    for _ in range(50):
        codes = [f"L{i:02}" for i in range(60)]
        small = codes[::3]
        people = {code: int(rng.integers(1000, 3000)) for code in codes}
        people |= {code: int(rng.integers(1, 100)) for code in small}
        wards = [frozenset(codes[start : start + 6]) for start in range(0, 60, 6)]
        asked = [_asked(rng, codes, small) for _ in range(50)]
        given = list(wards)
        for new in asked:
            if sum(people[code] for code in new) >= 100 and not tells_of_few(people, given, new):
                given.append(new)
        tried += len(small)
        guarded += _recovered(codes, small, given)
        unguarded += _recovered(codes, small, wards + asked)
        assert len(given) > len(wards) + 10, "a guard that refuses everything proves nothing"
    assert tried == 1000
    assert guarded == 0
    assert unguarded > 500


def _asked(rng: np.random.Generator, codes: list[str], small: list[str]) -> frozenset[str]:
    """A run of LSOAs, as somebody moves a boundary by one at a time; some hold no small one."""
    start = int(rng.integers(0, 50))
    run = set(codes[start : start + int(rng.integers(2, 10))])
    if rng.random() < 0.5:
        run -= set(rng.choice(small, size=10, replace=False).tolist())
    return frozenset(run or {codes[1]})


def _recovered(codes: list[str], small: list[str], given: list[frozenset[str]]) -> int:
    """Small LSOAs whose figure is the same in every world that has all given figures."""
    matrix = np.array([[code in each for code in codes] for each in given], dtype=float)
    _, values, rows = np.linalg.svd(matrix)
    rank = int((values > 1e-9).sum())
    free = rows[rank:]  # what may be added without any given figure changing
    return sum(bool(np.abs(free[:, codes.index(code)]).max(initial=0) < 1e-9) for code in small)


def test_the_ledger_remembers_and_refuses_without_a_small_number(tmp_path: Path) -> None:
    home = Home(tmp_path)

    def ask(name: str, new: str) -> None:
        guard_and_remember(home, name, "v1", area(new), PEOPLE, [("the ward W", area("bd"))])

    ask("first", "ab")
    ask("first again", "ab")
    with pytest.raises(GuardedAreaError, match="custom area 'first'") as refused:
        ask("second", "abc")
    assert "40" not in str(refused.value)
    with pytest.raises(GuardedAreaError, match="the ward W"):
        ask("third", "bde")
    with pytest.raises(GuardedAreaError, match="fewer than 100 people") as too_few:
        ask("fourth", "ce")
    assert "70" not in str(too_few.value)
    ask("other", "d")
    text = home.custom_areas.read_text()
    assert ('"first"' in text, "again" in text, "second" in text, "other" in text) == (
        True, False, False, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"areas": [{"name": "x"}]}', '{"areas": {"a": 1}}']
)
def test_a_damaged_ledger_lets_nothing_pass(tmp_path: Path, text: str) -> None:
    home = Home(tmp_path)
    home.state.mkdir()
    home.custom_areas.write_text(text)
    with pytest.raises(BeaconError, match="is damaged"):
        guard_and_remember(home, "new", "v1", area("ab"), PEOPLE, [])
