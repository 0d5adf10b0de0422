"""What a run can be told: where it lives, where its bytes come from, which system it is for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from beacon.core.home import DEFAULT_HOME

InputMode = Literal["sample", "folder", "live"]

SAMPLE_FOOTPRINT = "sample"
OFFICIAL_FOOTPRINT = "cheshire_merseyside"


class Settings(BaseSettings):
    """Settings of one run, from arguments first and `BEACON_…` environment variables second.

    Attributes:
        home: Directory that holds everything Beacon writes. Nothing is written outside it.
        inputs: Where bytes come from: the fictional sample, a folder of downloads, or HTTP.
        folder: The folder to read when `inputs` is "folder".
        secure_home: Directory of rows of persons, apart from `home`; None where there are none.
        people_engine: Where rows of persons are read and counted.
        footprint: Name of a file in `reference_data/footprints`, or the path of a YAML file, or
            "all": every footprint that the home has. Defaults to the sample's own footprint for
            the sample and to Cheshire and Merseyside otherwise.
        sample_seed: Seed of the fictional sample.
        sample_size: Preset size of the fictional sample.
        contact: An e-mail address or a page where publishers reach whoever runs this
            installation. Sent with every live request.
        live_base_urls: Publishers' addresses by name, instead of those in
            `reference_data/hosts.yaml`: a proxy, a mirror or a replica. As JSON in
            BEACON_LIVE_BASE_URLS.
        live_skip: Sources, datasets or single files (`source`, `source/dataset`,
            `source/dataset/file`) that this installation does not fetch. As JSON in
            BEACON_LIVE_SKIP.
        live_ca_file: Certificates to trust instead of the public ones, where the network inspects
            traffic.

    Keys of publishers are no settings, so that they are never shown or kept with a run: see
    `secrets_from_environment`.
    """

    model_config = SettingsConfigDict(env_prefix="BEACON_", frozen=True, extra="ignore")

    home: Path = DEFAULT_HOME
    inputs: InputMode = "sample"
    folder: Path | None = None
    secure_home: Path | None = None
    people_engine: Literal["duckdb", "spark"] = "duckdb"
    footprint: str = Field(default="")
    sample_seed: int = 20260101
    sample_size: str = "small"
    contact: str = ""
    live_base_urls: dict[str, str] = Field(default_factory=dict)
    live_skip: tuple[str, ...] = ()
    live_ca_file: Path | None = None

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.inputs == "folder" and self.folder is None:
            raise ValueError("inputs 'folder' needs a folder: give --folder DIR or BEACON_FOLDER.")
        if not self.footprint:
            default = SAMPLE_FOOTPRINT if self.inputs == "sample" else OFFICIAL_FOOTPRINT
            object.__setattr__(self, "footprint", default)
        return self

    @property
    def footprints(self) -> Path:
        """Where `beacon footprints` leaves footprints of boards."""
        return self.home / "footprints"

    @property
    def footprint_file(self) -> str:
        """The footprint's file where the home has one of that name, else its name or path."""
        own = self.footprints / f"{self.footprint}.yaml"
        return str(own) if own.is_file() else self.footprint


class FileLimits(BaseSettings):
    """What reading one file from outside may take, from `BEACON_…` environment variables.

    Attributes:
        file_seconds: Time in a running process. Official files take seconds; the limit ends what
            would never end, and is generous so that a busy machine passes it.
        file_memory_mb: Memory of the process.
    """

    model_config = SettingsConfigDict(env_prefix="BEACON_", frozen=True, extra="ignore")

    file_seconds: float = Field(default=900.0, gt=0)
    file_memory_mb: int = Field(default=3072, ge=256)


def secrets_from_environment() -> dict[str, str]:
    """Publishers' keys that the environment holds, by name. Never log, show or keep them."""
    names = ("stat_xplore_key", "nomis_uid")
    return {
        name: value for name in names if (value := os.environ.get(f"BEACON_{name.upper()}", ""))
    }
