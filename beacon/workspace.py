"""Everything one run needs, opened once: settings, home, registers, footprint and contracts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from beacon.contracts import Contract, load_contracts
from beacon.contracts.sql_files import staging_tables_in_use
from beacon.core.clock import LONDON, now
from beacon.core.errors import SettingsError
from beacon.core.files import read_json, write_json
from beacon.core.paths import resource_dir
from beacon.core.settings import Home, Settings
from beacon.ingest.land import Needed
from beacon.ingest.landing_store import LandingStore
from beacon.ingest.stage import Stager
from beacon.registry import (
    AspirationFile,
    AuthorityRegister,
    Footprint,
    Indicator,
    PlusGroup,
    TargetRegister,
    load_aspirations,
    load_authorities,
    load_footprint,
    load_indicators,
    load_plus_groups,
    load_targets,
)
from beacon.registry.sources import SourceRegister, load_source_register


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

    @cached_property
    def home(self) -> Home:
        """Where everything is written."""
        return Home(self.settings.home)

    @cached_property
    def register(self) -> SourceRegister:
        """The official datasets."""
        return load_source_register()

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """The indicators by slug."""
        return load_indicators()

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
    def plus_groups(self) -> dict[str, PlusGroup]:
        """The PLUS groups by id, whether switched on or not."""
        return load_plus_groups()

    @cached_property
    def footprint(self) -> Footprint:
        """The areas this run reports on.

        Raises:
            SettingsError: When fictional inputs meet an official footprint, or the reverse.
        """
        footprint = load_footprint(self.settings.footprint)
        if footprint.fictional != self.settings.is_fictional:
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

    @cached_property
    def store(self) -> LandingStore:
        """The landing store."""
        return LandingStore(self.home.landing)

    @cached_property
    def stager(self) -> Stager:
        """The stager over the landing store."""
        return Stager(
            self.home.staging, self.register, self.store, fictional=self.settings.is_fictional
        )

    @property
    def staging_tables(self) -> list[str]:
        """Staging tables that some derivation reads, in the order of the register."""
        wanted = staging_tables_in_use()
        return [table for table in self.register.staging_tables if table in wanted]

    @cached_property
    def needed(self) -> Needed:
        """Which series the registry of indicators uses."""
        series: dict[str, set[str]] = {}
        for indicator in self.indicators.values():
            for binding in indicator.sources:
                for selection in binding.select:
                    series.setdefault(binding.source, set()).add(selection.series)
        return Needed(series)

    @cached_property
    def code_digest(self) -> str:
        """A hash of Beacon's own code, SQL, contracts and curated facts, footprint included."""
        digest = hashlib.sha256()
        package = Path(__file__).resolve().parent
        groups = [(package, "**/*.py")]
        groups += [
            (resource_dir("sql"), "**/*.sql"),
            (resource_dir("expectations"), "**/*.yaml"),
            (resource_dir("reference_data"), "**/*.yaml"),
        ]
        for folder, pattern in groups:
            for path in sorted(folder.glob(pattern)):
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    @cached_property
    def register_digest(self) -> str:
        """A hash of the source register and of the code that recognises files."""
        digest = hashlib.sha256()
        for path in sorted((resource_dir("reference_data") / "sources").glob("*.yaml")):
            digest.update(path.read_bytes())
        for path in sorted((Path(__file__).resolve().parent / "sources").rglob("*.py")):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    @property
    def landing_report_file(self) -> Path:
        """Where the landing step leaves its report."""
        return self.home.state / "landing.json"

    def staging_report_file(self, table: str) -> Path:
        """Where the staging step of one table leaves its report."""
        return self.home.state / f"staging-{table}.json"

    @property
    def built_file(self) -> Path:
        """Where it is kept which build gave the current release."""
        return self.home.state / "built.json"

    def remember_build(self, label: str) -> None:
        """Keep that a build of the present inputs and code says what a release says.

        A change of code alone often changes no number; without this every later night would be
        a full one, because the release's own manifest names the older code.
        """
        write_json(self.built_file, {"release": label, "fingerprint": self.build_fingerprint()})

    def is_built(self, label: str, manifest: dict[str, Any]) -> bool:
        """Whether a build of the present inputs and code is known to give this release."""
        fingerprint = self.build_fingerprint()
        if manifest.get("build_fingerprint") == fingerprint:
            return True
        known = read_json(self.built_file) or {}
        return known == {"release": label, "fingerprint": fingerprint}

    def build_fingerprint(self) -> str:
        """A hash of all that decides the content of a release.

        Inputs in use, code, footprint, and which of the targets' due dates have passed.
        """
        digest = hashlib.sha256()
        day = self.judged_on
        passed = [
            (target.id, number)
            for target in self.targets.targets
            for number, step in enumerate(target.stated)
            if target.status_on(day, step) == "expired"
        ]
        digest.update(repr(passed).encode())
        digest.update(self.code_digest.encode())
        digest.update(self.footprint.model_dump_json().encode())
        current = self.store.current(fictional=self.settings.is_fictional)
        for name in sorted(current):
            landed = current[name]
            spec = self.register.datasets.get(landed.key)
            if spec is not None and self.needed.part(spec, landed.members):
                digest.update(f"{name}:{landed.sha256}".encode())
        return digest.hexdigest()
