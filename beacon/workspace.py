"""What one run is for: settings, home, registers, footprint and contracts, each loaded once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from beacon.contracts import Contract, load_contracts
from beacon.contracts.sql_files import staging_tables_in_use
from beacon.core.clock import LONDON, now
from beacon.core.errors import SettingsError
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.registry import (
    AspirationFile,
    AuthorityRegister,
    Footprint,
    Indicator,
    PlusGroup,
    SuccessionRegister,
    TargetRegister,
    load_aspirations,
    load_authorities,
    load_footprint,
    load_indicators,
    load_plus_groups,
    load_successions,
    load_targets,
)
from beacon.registry.series_in_use import series_in_use
from beacon.registry.sources import SourceRegister, load_source_register
from beacon.signatures import with_signatures
from beacon.sources.needed_series import Needed


@dataclass(frozen=True)
class Workspace:
    """One run's settings and all that is loaded for them. Parts load when first used."""

    settings: Settings

    @property
    def as_of(self) -> date | None:
        """The past day that this is made for; None for the present."""
        return None

    @property
    def judged_on(self) -> date:
        """The day that due dates are held against: today, and never before they were collected."""
        return self.as_of or max(self.targets.as_of, now().astimezone(LONDON).date())

    @property
    def takes_returns(self) -> bool:
        """Whether returns of organisations are part of it: they are of the Places of one board.

        Boards that share their landing take none: what one's organisations returned is not for the
        others.
        """
        return self.home.above is None

    @cached_property
    def home(self) -> Home:
        """Where everything is written."""
        return Home(self.settings.home)

    @cached_property
    def register(self) -> SourceRegister:
        """The official datasets, knowing which of their series indicators use."""
        return load_source_register().used_for(series_in_use(self.indicators.values()))

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """The indicators by slug, with the signatures of the home."""
        return with_signatures(load_indicators(), self.home)

    @cached_property
    def targets(self) -> TargetRegister:
        """What the plans set themselves."""
        return load_targets(indicators=self.indicators)

    @cached_property
    def aspirations(self) -> tuple[AspirationFile, ...]:
        """What the plans aspire to."""
        return load_aspirations(indicators=self.indicators, targets=self.targets)

    @cached_property
    def authorities(self) -> AuthorityRegister:
        """How many authorities the nation has."""
        return load_authorities()

    @cached_property
    def successions(self) -> SuccessionRegister:
        """Which areas took over from which."""
        return load_successions()

    @cached_property
    def plus_groups(self) -> dict[str, PlusGroup]:
        """The PLUS groups by id, whether switched on or not."""
        return load_plus_groups()

    @property
    def is_fictional(self) -> bool:
        """Whether everything made for these settings is fictional.

        The sample is, and files in a folder are not. What is fetched is what the footprint is: a
        fictional footprint is filled from replicas, and readers refuse official codes there.

        Raises:
            RegistryError: When the footprint of live inputs is not valid.
        """
        if self.settings.inputs != "live":
            return self.settings.inputs == "sample"
        return load_footprint(self.settings.footprint_file).fictional

    @cached_property
    def footprint(self) -> Footprint:
        """The areas this run reports on.

        Raises:
            SettingsError: When fictional inputs meet an official footprint, or the reverse.
        """
        footprint = load_footprint(self.settings.footprint_file)
        if footprint.fictional != self.is_fictional:
            kind = "fictional" if footprint.fictional else "official"
            raise SettingsError(
                f"Footprint {footprint.id!r} is {kind} but inputs are "
                f"{self.settings.inputs!r}. Use the sample footprint with the sample, and an "
                "official one with official files."
            )
        return footprint

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The data contracts by `schema.table`."""
        return load_contracts()

    @property
    def staging_tables(self) -> list[str]:
        """Staging tables that some derivation reads, in the order of the register."""
        wanted = staging_tables_in_use()
        return [table for table in self.register.staging_tables if table in wanted]

    @cached_property
    def needed(self) -> Needed:
        """Which series the registry of indicators uses."""
        return Needed.by(self.indicators.values())

    @property
    def landing_report_file(self) -> Path:
        """Where the landing step leaves its report."""
        return self.home.state / "landing.json"

    def staging_report_file(self, table: str) -> Path:
        """Where the staging step of one table leaves its report."""
        return self.home.state / f"staging-{table}.json"


# What `Workspace` loads that is the same for every board of one home.
_OF_NO_BOARD = (
    "register", "targets", "aspirations", "authorities", "successions", "plus_groups", "contracts",
    "needed",
)  # fmt: skip


@dataclass(frozen=True)
class SharedWorkspace(Workspace):
    """What is done once for many boards: landing and staging.

    Its footprint is that of the first board; nothing that it does depends on which that is.
    """

    @property
    def takes_returns(self) -> bool:
        """False: it is for every board."""
        return False

    def for_board(self, footprint: str) -> Workspace:
        """The workspace of one board, in its own home; registers are not loaded again."""
        home = self.home.boards / footprint
        board = Workspace(self.settings.model_copy(update={"home": home, "footprint": footprint}))
        vars(board).update({name: getattr(self, name) for name in _OF_NO_BOARD})
        return board
