"""Modules are told apart by their names, and tests lie in folders by kind."""

from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("beacon", "assets", "pipelines", "benchmarks")


def modules_by_name(root: Path) -> dict[str, list[str]]:
    """Paths of modules by file name; packages' own `__init__` and `__main__` aside."""
    found: dict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            if path.name not in ("__init__.py", "__main__.py"):
                found[path.name].append(path.relative_to(root).as_posix())
    return found


def test_no_two_modules_share_a_name() -> None:
    shared = {name: paths for name, paths in modules_by_name(ROOT).items() if len(paths) > 1}
    assert shared == {}


def test_a_shared_name_is_found(tmp_path: Path) -> None:
    for room in ("beacon/a", "assets"):
        (tmp_path / room).mkdir(parents=True)
        (tmp_path / room / "status.py").touch()
    assert modules_by_name(tmp_path) == {"status.py": ["beacon/a/status.py", "assets/status.py"]}


def test_every_test_lies_in_a_folder_of_its_kind() -> None:
    assert list((ROOT / "tests").glob("test_*.py")) == []
