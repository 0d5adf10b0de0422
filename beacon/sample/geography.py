"""Lookups and boundaries, as ONS Open Geography writes them.

Belongs here: membership and geometry files. Does not belong here: deprivation or people.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from beacon.sample.formats import BOM, opened, taken, write_csv, write_gpkg
from beacon.sample.names import WARDS
from beacon.sample.world import Floats, Ints, World, stream_of, walk

WEST, NORTH = -38.0, 52.0
"""North-west corner of the nation, degrees: open Atlantic, hundreds of kilometres from land."""
CELL_LONGITUDE, CELL_LATITUDE = 0.03, 0.02

_RURAL_URBAN = (
    ("UN1", "Urban: Nearer to a major town or city", "Urban"),
    ("UF1", "Urban: Further from a major town or city", "Urban"),
    ("RLN1", "Larger rural: Nearer to a major town or city", "Rural"),
    ("RSF1", "Smaller rural: Further from a major town or city", "Rural"),
)


def write_lookups(directory: Path, world: World) -> None:
    """Write the membership tables: crosswalk, ICBs of both vintages, wards, tiers, rurality."""
    auth = world.authorities
    _write_crosswalk(directory / "FICTIONAL_LSOA11_LSOA21_LAD22_EW_LU.csv", world)

    icb21 = auth.icb[world.lad21]
    sub_name = [
        f"{world.icb_names[i].replace(' Integrated Care Board', ' ICB')} - {ods}"
        for i, ods in zip(_first_of(world.sub_icb, icb21), world.sub_icb_ods, strict=True)
    ]
    write_csv(
        directory / "FICTIONAL_LSOA21_SICBL24_ICB24_EN_LU.csv",
        pl.DataFrame(
            {
                "LSOA21CD": world.code21,
                "LSOA21NM": world.name21,
                "SICBL24CD": taken(world.sub_icb_codes, world.sub_icb),
                "SICBL24CDH": taken(world.sub_icb_ods, world.sub_icb),
                "SICBL24NM": taken(sub_name, world.sub_icb),
                "ICB24CD": taken(world.icb_codes, icb21),
                "ICB24CDH": taken(world.icb_ods, icb21),
                "ICB24NM": taken(world.icb_names, icb21),
            }
        ),
    )

    # The first LSOA 2021 that an LSOA 2011 shares land with gives its sub-ICB.
    sub11 = world.sub_icb[_first_of(world.crosswalk11, world.crosswalk21)]
    icb11 = auth.icb[world.lad11]
    write_csv(
        directory / "FICTIONAL_LSOA11_SICBL22_ICB22_LAD22_EN_LU.csv",
        pl.DataFrame(
            {
                "LSOA11CD": world.code11,
                "LSOA11NM": world.name11,
                "SICBL22CD": taken(world.sub_icb_codes, sub11),
                "SICBL22CDH": taken(world.sub_icb_ods, sub11),
                "SICBL22NM": taken(sub_name, sub11),
                "ICB22CD": taken(world.icb_codes, icb11),
                "ICB22CDH": taken(world.icb_ods, icb11),
                "ICB22NM": taken(world.icb_names, icb11),
                "LAD22CD": taken(auth.code, world.lad11),
                "LAD22NM": taken(auth.name, world.lad11),
            }
        ),
    )

    ward, ward_names = _wards(world)
    write_csv(
        directory / "FICTIONAL_LSOA21_WD24_LAD24_EW_LU.csv",
        pl.DataFrame(
            {
                "LSOA21CD": world.code21,
                "LSOA21NM": world.name21,
                "WD24CD": [f"Z05{w + 1:06d}" for w in ward.tolist()],
                "WD24NM": taken(ward_names, ward),
                "LAD24CD": taken(auth.code, world.lad21),
                "LAD24NM": taken(auth.name, world.lad21),
            }
        ),
    )

    write_csv(
        directory / "FICTIONAL_LTLA-UTLA_Apr23_Lookup.csv",
        pl.DataFrame(
            {
                "LTLA23CD": auth.code,
                "LTLA23NM": auth.name,
                "LTLA23NMW": [None] * len(auth),
                "UTLA23CD": auth.utla_code,
                "UTLA23NM": auth.utla_name,
                "UTLA23NMW": [None] * len(auth),
                "ObjectId": list(range(1, len(auth) + 1)),
            }
        ),
        before=BOM,
    )

    # Deprived, young land is urban; the rest by a fixed draw. Plausible, and nothing more.
    draw = stream_of(world.seed, "rurality").random(world.lsoas21)
    kind = np.where(world.z21 + draw > 0.2, 0, np.where(draw > 0.5, 1, np.where(draw > 0.2, 2, 3)))
    write_csv(
        directory / "FICTIONAL_RUC21_LSOA21_EW.csv",
        pl.DataFrame(
            {
                "lsoa21_code": world.code21,
                "ruc21_code": taken([k[0] for k in _RURAL_URBAN], kind),
                "classification": taken([k[1] for k in _RURAL_URBAN], kind),
                "ruc": taken([k[2] for k in _RURAL_URBAN], kind),
            }
        ),
    )


def write_boundaries(directory: Path, world: World) -> None:
    """Write LSOA 2021 as GeoPackage and local authorities as ONS GeoJSON, on shared vertices."""
    vertices, ring = _vertices(world)
    write_gpkg(
        directory / "FICTIONAL_LSOA_2021_EW_BSC.gpkg",
        "lsoa21",
        vertices[ring],
        {"LSOA21NM": world.name21, "LSOA21CD": world.code21},
        description="FICTIONAL boundaries, written by the Beacon sample publisher",
    )
    path = directory / "FICTIONAL_Local_Authority_Districts_May_2024_Boundaries_BSC.geo.json"
    auth = world.authorities
    with opened(path) as out:
        out.write(
            b'{\n  "type": "FeatureCollection",\n'
            b'  "name": "FICTIONAL local authorities of the Beacon sample publisher",\n'
            b'  "crs": { "type": "name", "properties": { "name": "EPSG:4326" } },\n'
            b'  "features": [\n'
        )
        for lad in range(len(auth)):
            outline = vertices[_outline(ring[auth.start[lad] : auth.start[lad + 1]])]
            feature = _authority_feature(lad, auth.code[lad], auth.name[lad], outline)
            text = json.dumps(feature, ensure_ascii=False)
            out.write(f"    {text}{',' if lad + 1 < len(auth) else ''}\n".encode())
        out.write(b"  ]\n}\n")


def _write_crosswalk(path: Path, world: World) -> None:
    lad = world.lad21[world.crosswalk21]
    write_csv(
        path,
        pl.DataFrame(
            {
                "LSOA11CD": taken(world.code11, world.crosswalk11),
                "LSOA11NM": taken(world.name11, world.crosswalk11),
                "CHGIND": world.crosswalk_change,
                "LSOA21CD": taken(world.code21, world.crosswalk21),
                "LSOA21NM": taken(world.name21, world.crosswalk21),
                "LAD22CD": taken(world.authorities.code, lad),
                "LAD22NM": taken(world.authorities.name, lad),
            }
        ),
    )


def _first_of(groups: Ints, values: Ints) -> Ints:
    """The first value of each group 0, 1, ... (every group occurs)."""
    _, first = np.unique(groups, return_index=True)
    return values[first]


def _wards(world: World) -> tuple[Ints, list[str]]:
    """Wards of four LSOAs, never across an authority; names are reused in other authorities."""
    start = world.authorities.start
    block = (np.arange(world.lsoas21) - start[world.lad21]) // 4
    wards_in = -(-np.diff(start) // 4)
    first = np.concatenate([[0], np.cumsum(wards_in)])
    labels = [
        WARDS[w % len(WARDS)] + ("" if w < len(WARDS) else f" {w // len(WARDS) + 1}")
        for count in wards_in.tolist()
        for w in range(count)
    ]
    return first[world.lad21] + block, labels


def _vertices(world: World) -> tuple[Floats, Ints]:
    """Grid corners, bent and jittered, and each cell's four corners anticlockwise.

    Neighbours use the same vertex, so shared edges are equal to the last digit.

    Returns:
        (v, 2) longitude and latitude rounded to 7 places, and (n, 4) vertex numbers.
    """
    column, row = walk(world.lsoas21, world.columns, world.strip_height)
    wide, deep = world.columns + 1, int(row.max()) + 2
    y, x = np.mgrid[0:deep, 0:wide].astype(np.float64)
    jitter = stream_of(world.seed, "coast").uniform(-0.22, 0.22, (2, deep, wide))
    bent_x = x + 2.2 * np.sin(y / 9.0) + 0.9 * np.sin(y / 3.7 + 1.0) + jitter[0]
    bent_y = y + 1.6 * np.sin(x / 7.0) + jitter[1]
    longitude = WEST + CELL_LONGITUDE * (bent_x + 4.0)
    latitude = NORTH - CELL_LATITUDE * (bent_y + 3.0)
    points = np.round(np.stack([longitude.ravel(), latitude.ravel()], axis=1), 7)
    north_west = row * wide + column
    ring = np.stack([north_west, north_west + wide, north_west + wide + 1, north_west + 1], axis=1)
    return points, ring


def _outline(ring: Ints) -> Ints:
    """Boundary of a union of cells: the directed edges that no neighbour runs back along."""
    edges = {
        (a, b) for cell in ring.tolist() for a, b in zip(cell, cell[1:] + cell[:1], strict=True)
    }
    following = {a: b for a, b in edges if (b, a) not in edges}
    first = min(following)
    path = [first]
    while (after := following[path[-1]]) != first:
        path.append(after)
    if len(path) != len(following):
        raise AssertionError("an authority is not one piece without holes")
    return np.array([*path, first])


def _authority_feature(lad: int, code: str, name: str, outline: Floats) -> dict[str, Any]:
    longitude, latitude = outline[:-1].mean(axis=0).tolist()
    # Metres from the National Grid's true origin (49 N, 2 W): far outside the grid, as it must be.
    east = 400_000 + (longitude + 2.0) * 111_320.0 * float(np.cos(np.radians(latitude)))
    north = -100_000 + (latitude - 49.0) * 111_132.0
    digest = hashlib.sha256(f"fictional {code}".encode()).digest()[:16]
    return {
        "type": "Feature",
        "id": lad + 1,
        "geometry": {"type": "MultiPolygon", "coordinates": [[outline.tolist()]]},
        "properties": {
            "FID": lad + 1,
            "LAD24CD": code,
            "LAD24NM": name,
            "LAD24NMW": " ",
            "BNG_E": round(east),
            "BNG_N": round(north),
            "LONG": round(longitude, 5),
            "LAT": round(latitude, 4),
            "GlobalID": str(uuid.UUID(bytes=digest)),
        },
    }
