"""All publishers at once, filled with one sample.

`python -m tests.replicas.world SAMPLE_DIRECTORY` serves them until it is interrupted, and prints
what to put into the environment for `beacon run --inputs live --footprint sample`.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from beacon.registry.sources import SourceRegister
from beacon.sources.recognise import recognise
from tests.replicas.arcgis import ArcGisReplica
from tests.replicas.ees import EesReplica
from tests.replicas.files import FilesReplica
from tests.replicas.fingertips import FingertipsReplica
from tests.replicas.gov_uk import GovUkReplica
from tests.replicas.nhs_digital import NhsDigitalReplica
from tests.replicas.nhs_england import NhsEnglandReplica
from tests.replicas.nomis import NomisReplica
from tests.replicas.ons_site import OnsSiteReplica
from tests.replicas.server import Replica
from tests.replicas.stat_xplore import StatXploreReplica


@dataclass(frozen=True)
class World:
    """Every publisher's replica."""

    fingertips: FingertipsReplica
    arcgis: ArcGisReplica
    nomis: NomisReplica
    gov_uk: GovUkReplica
    ees: EesReplica
    ons_els: FilesReplica
    stat_xplore: StatXploreReplica
    nhs_digital: NhsDigitalReplica
    nhs_england: NhsEnglandReplica
    nhs_allocation: FilesReplica
    dfe_lait: FilesReplica
    ons_site: OnsSiteReplica

    @property
    def replicas(self) -> dict[str, Replica]:
        """Replicas by their names in hosts.yaml."""
        return dict(self.__dict__)

    @property
    def base_urls(self) -> dict[str, str]:
        """What goes into BEACON_LIVE_BASE_URLS."""
        return {
            "gov_uk_assets": self.gov_uk.url,
            "nhs_files": self.nhs_digital.url,
            **{name: replica.url for name, replica in self.replicas.items()},
        }


def not_in_sample(sample: Path, register: SourceRegister) -> tuple[str, ...]:
    """What goes into BEACON_LIVE_SKIP: what the register fetches and the sample has nothing of."""
    found = {
        recognise(path, register).key
        for path in sorted(sample.rglob("FICTIONAL_*"))
        if not path.name.endswith(".json") or path.name.endswith(".geo.json")
    }
    topics = {path.stem.removeprefix("FICTIONAL_") for path in sample.glob("ons_els/*.csv")}
    els = register.datasets["ons_els/topic"].dataset.fetch
    files = getattr(els, "files", {})
    return (
        *(
            key
            for key, spec in register.datasets.items()
            if spec.dataset.fetch is not None and key not in found
        ),
        *(f"ons_els/topic/{topic}" for topic in files if topic not in topics),
    )


@contextlib.contextmanager
def serve(sample: Path) -> Iterator[World]:
    """Serve a sample as its publishers would."""
    with contextlib.ExitStack() as stack:
        world = World(
            fingertips=FingertipsReplica(sample / "fingertips"),
            arcgis=ArcGisReplica(sample),
            nomis=NomisReplica(sample),
            gov_uk=GovUkReplica(sample),
            ees=EesReplica(sample / "dfe"),
            ons_els=FilesReplica(sample / "ons_els"),
            stat_xplore=StatXploreReplica(),
            nhs_digital=NhsDigitalReplica(sample),
            nhs_england=NhsEnglandReplica(sample),
            nhs_allocation=FilesReplica(
                sample / "gp", {"/data/2025_2026.csv": "*allocation_gp_practice*"}
            ),
            dfe_lait=FilesReplica(
                sample / "dfe", {"/01_data/02_prod/bds_long_0.parquet": "*bds_long*"}
            ),
            ons_site=OnsSiteReplica(sample),
        )
        for replica in world.replicas.values():
            stack.enter_context(replica)
        yield world


if __name__ == "__main__":
    from beacon.registry.sources import load_source_register

    directory = Path(sys.argv[1])
    skipped = not_in_sample(directory, load_source_register())
    with serve(directory) as served:
        sys.stdout.write(
            f"export BEACON_LIVE_BASE_URLS='{json.dumps(served.base_urls)}'\n"
            f"export BEACON_LIVE_SKIP='{json.dumps(skipped)}'\n"
        )
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
