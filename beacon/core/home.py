"""The layout of a home: where what is kept.

Apart from the settings, so that a command that only reads a release loads no settings library.
"""

from __future__ import annotations

from pathlib import Path

DEFAULT_HOME = Path("data")

# In the place of a footprint's name: every footprint that the home has.
ALL_FOOTPRINTS = "all"

# Where a home of many boards has the home of each.
BOARDS = "boards"


class Home:
    """The layout of a home directory. Directories are made when first written to."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()

    @property
    def landing(self) -> Path:
        """Publishers' bytes, content-addressed and immutable."""
        return self.root / "landing"

    @property
    def staging(self) -> Path:
        """Typed copies of landed objects as Parquet; a cache that can be rebuilt from landing."""
        return self.root / "staging"

    @property
    def downloads(self) -> Path:
        """What live inputs fetched last, so that only what changed is fetched again."""
        return self.root / "downloads"

    @property
    def supplied(self) -> Path:
        """Files that the system supplies itself, read by every run whatever its inputs."""
        return self.root / "supplied"

    @property
    def sample(self) -> Path:
        """Files that the fictional publisher wrote."""
        return self.root / "sample"

    @property
    def warehouse(self) -> Path:
        """The working DuckDB database: one writer, never opened by analysts."""
        return self.root / "warehouse.duckdb"

    @property
    def releases(self) -> Path:
        """Immutable releases."""
        return self.root / "releases"

    @property
    def latest(self) -> Path:
        """The pointer to the current release."""
        return self.root / "latest.json"

    @property
    def catalogue(self) -> Path:
        """The analysts' database: views over the current release."""
        return self.root / "beacon.duckdb"

    @property
    def dagster(self) -> Path:
        """Dagster's run history and settings."""
        return self.root / "dagster"

    @property
    def state(self) -> Path:
        """What the last run saw: candidates, refusals and the run's report."""
        return self.root / "state"

    @property
    def custom_areas(self) -> Path:
        """The ledger of custom areas whose figures were given (`beacon area`).

        Boards whose homes are of one home have one ledger, so that areas given out by one are known
        to the others.
        """
        return (self.above or self).state / "custom_areas.json"

    @property
    def boards(self) -> Path:
        """The homes of single boards, where this is a home of many."""
        return self.root / BOARDS

    @property
    def above(self) -> Home | None:
        """The home of many boards that this home of one board belongs to; None where it is none."""
        folder = self.root.parent
        shares = folder.name == BOARDS and (self.root / "landing").is_symlink()
        return Home(folder.parent) if shares else None

    @property
    def logs(self) -> Path:
        """What runs did, one line of JSON each."""
        return self.root / "logs"
