"""Primary care networks: six general practices that follow each other on the walk.

Belongs here: the Organisation Data Service's workbook of networks and their practices, and what
was planted by network. Does not belong here: the practices themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beacon.sample.formats import write_xlsx
from beacon.sample.practices import Practices
from beacon.sample.world import World

PRACTICES_PER_NETWORK = 6
FILE = "FICTIONAL_ePCN.xlsx"
OPENED, MERGED_ON, LEFT_ON, REJOINED_ON = "20190701", "20210331", "20200331", "20210401"
MERGED_FROM = 2
"""Network whose practices were in another one until it was closed."""
MOVED = 6
"""Practice that was in the network before its own."""
REJOINED = 7
"""Practice that left its network and joined it again."""

_NETWORK_HEADER = (
    "PCN Code", "PCN Name", "Current Clinical \nCommissioning \nGroup Code",
    "Clinical\nCommissioning\nGroup Name", "Open Date", "Close Date",
)  # fmt: skip
_PRACTICE_HEADER = (
    "Partner\nOrganisation\nCode", "Partner\nName", "PCN Code", "PCN Name",
    "Practice to PCN\nRelationship\nStart Date", "Practice to PCN\nRelationship\nEnd Date",
)  # fmt: skip


@dataclass(frozen=True)
class NetworkTruth:
    """The patients of one open network's practices.

    Attributes:
        pcn_code: The network.
        pcn_name: Its name.
        practices: Practices that belong to it.
        patients_with_lsoa: Their patients who live in an LSOA of the nation.
        patients_core20: Those of them who live in Core20 on IMD 2025.
    """

    pcn_code: str
    pcn_name: str
    practices: int
    patients_with_lsoa: int
    patients_core20: int


def network_of(practice: int) -> int:
    """Network of a practice; the first has three, so that one lies across the border."""
    return (practice + PRACTICES_PER_NETWORK // 2) // PRACTICES_PER_NETWORK


def network_code(number: int) -> str:
    """Code of a fictional network; real ones are U and five digits, of every kind."""
    return f"ZU{number + 1:04d}"


def network_name(number: int) -> str:
    """Name of a fictional network."""
    return f"FICTIONAL NETWORK {number + 1} PCN"


def write_networks(directory: Path, world: World, practices: Practices) -> list[NetworkTruth]:
    """Write the workbook of networks. The last practice of the nation is in none.

    Returns:
        What its practices' patients come to, by open network.
    """
    network = np.array([network_of(practice) for practice in range(len(practices) - 1)])
    write_xlsx(
        directory / FILE,
        {},
        {
            "PCNDetails": _networks(world, practices, network.tolist()),
            "PCN Core Partner Details": _members(practices, network.tolist()),
        },
        title="FICTIONAL primary care networks and their practices",
    )
    inside = practices.practice < len(network)
    of = network[practices.practice[inside]]
    patients, home = practices.patients[inside], practices.home[inside]
    sizes = np.bincount(network)
    everyone = np.bincount(of, weights=patients)
    core = np.bincount(of, weights=np.where(world.decile21[home] <= 2, patients, 0))
    return [
        NetworkTruth(
            network_code(number),
            network_name(number),
            int(sizes[number]),
            int(everyone[number]),
            int(core[number]),
        )
        for number in range(len(sizes))
    ]


def _networks(world: World, practices: Practices, network: list[int]) -> Iterator[Sequence[str]]:
    yield _NETWORK_HEADER
    closed = network[-1] + 1
    for number in range(closed + 1):
        # The last was closed, and lay where the one is that took over from it.
        first = network.index(MERGED_FROM if number == closed else number)
        location = world.sub_icb_ods[world.sub_icb[practices.cell[first]]]
        until = MERGED_ON if number == closed else ""
        named = (network_code(number), network_name(number))
        yield (*named, location, f"FICTIONAL LOCATION {location}", OPENED, until)


def _members(practices: Practices, network: list[int]) -> Iterator[Sequence[str]]:
    yield _PRACTICE_HEADER
    closed = network[-1] + 1

    def row(practice: int, number: int, joined: str, left: str = "") -> Sequence[str]:
        return (
            practices.code[practice], practices.name[practice],
            network_code(number), network_name(number), joined, left,
        )  # fmt: skip

    for practice, number in enumerate(network):
        if number == MERGED_FROM:
            yield row(practice, closed, OPENED, MERGED_ON)
            yield row(practice, number, REJOINED_ON)
        elif practice in (MOVED, REJOINED):
            yield row(practice, number - (practice == MOVED), OPENED, LEFT_ON)
            yield row(practice, number, REJOINED_ON)
        else:
            yield row(practice, number, OPENED)
