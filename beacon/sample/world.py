"""The fictional nation itself: areas, codes, deprivation, people. No file formats.

Belongs here: what is true of the nation. Does not belong here: how a publisher writes it down.

Everything hangs on one walk. LSOAs are cells of a grid, visited by a snake that runs up and
down the columns of a horizontal strip and then drops to the next strip. Consecutive cells on
the walk always share an edge, so every run of them (an LSOA pair, a ward, an authority, an ICB)
is one piece of land, at any size, without a search.

Areas, codes and names depend on the size only; people and deprivation on the seed as well.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beacon.sample import names
from beacon.sample.sizes import PLACES, SampleSize

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NATION_CODE = "Z92000001"
FOOTPRINT_ICB_CODE = "Z54000001"

PLACE_WEIGHTS = (0.45, 0.74, 1.37, 1.25, 0.56, 1.70, 0.68, 1.07, 1.18)
PLACE_DEPRIVATION = (-0.50, 0.55, 1.10, 0.75, -0.25, 0.35, 0.95, -0.05, 0.15)
"""Mean deprivation of each Place in national standard deviations: Core20 from few to most."""

AGE_BANDS = 18
"""Five-year bands 0-4 ... 80-84, then 85 and over."""

_BAND_SHARE = np.array(
    [55, 60, 62, 60, 62, 65, 70, 67, 63, 60, 70, 67, 58, 50, 50, 36, 25, 25], dtype=np.float64
)


@dataclass(frozen=True)
class Authorities:
    """Local authorities (LAD), one element an authority, in the order of the walk.

    Attributes:
        code: LAD code.
        name: LAD name.
        utla_code: Upper-tier authority, the same as `code` where there is one tier.
        utla_name: Its name.
        icb: Index into `World.icb_codes`.
        region: Index into `World.region_codes`.
        start: First LSOA 2021 (cell) of each authority; one more element than authorities.
        place: Index of the Place, or -1.
    """

    code: list[str]
    name: list[str]
    utla_code: list[str]
    utla_name: list[str]
    icb: Ints
    region: Ints
    start: Ints
    place: Ints

    def __len__(self) -> int:
        return len(self.code)


@dataclass(frozen=True)
class World:
    """One fictional nation.

    LSOA 2021 arrays are in walk order (`cell`), LSOA 2011 arrays in their own walk order.
    The crosswalk has one row for each pair that shares land, as the ONS lookup has.
    """

    seed: int
    size: SampleSize
    columns: int
    strip_height: int
    authorities: Authorities
    icb_codes: list[str]
    icb_names: list[str]
    icb_ods: list[str]
    region_codes: list[str]
    region_names: list[str]
    lad21: Ints
    sub_icb: Ints
    sub_icb_codes: list[str]
    sub_icb_ods: list[str]
    code21: list[str]
    name21: list[str]
    lad11: Ints
    code11: list[str]
    name11: list[str]
    crosswalk11: Ints
    crosswalk21: Ints
    crosswalk_change: list[str]
    z21: Floats
    rank21: Ints
    decile21: Ints
    z11: Floats
    rank11: Ints
    decile11: Ints
    people21: Ints
    people11: Ints

    @property
    def lsoas21(self) -> int:
        """Number of LSOAs 2021."""
        return len(self.code21)

    @property
    def lsoas11(self) -> int:
        """Number of LSOAs 2011."""
        return len(self.code11)

    def rng(self, stream: str) -> np.random.Generator:
        """A random stream of its own for each purpose, so adding one moves no other."""
        return stream_of(self.seed, stream)


def stream_of(seed: int, stream: str) -> np.random.Generator:
    """Make the random generator of one named purpose.

    Args:
        seed: The sample's seed, not negative.
        stream: The purpose.

    Raises:
        ValueError: The seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}: give a non-negative integer")
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(stream.encode())]))


def decile_of_rank(rank: Ints, areas: int) -> Ints:
    """IMD decile of a rank: ceil(rank * 10 / areas), in whole numbers so no rounding can bite."""
    decile: Ints = (rank * 10 + areas - 1) // areas
    return decile


def spread_whole(shares: Floats, totals: Ints) -> Ints:
    """Split whole totals by shares into whole parts that sum exactly to the totals.

    Args:
        shares: (n, k), each row summing to 1.
        totals: (n,).

    Returns:
        (n, k) whole numbers, by rounding the cumulative share (largest error below 1).
    """
    edges = np.rint(np.cumsum(shares, axis=1) * totals[:, None]).astype(np.int64)
    edges[:, -1] = totals
    parts: Ints = np.diff(edges, axis=1, prepend=0)
    return parts


def census_bands(world: World, start: int, stop: int) -> Ints:
    """Census residents by five-year band for LSOAs 2021 `start` to `stop`, in walk order.

    Deprived areas are younger. Rows sum to `people21`.

    Returns:
        (stop - start, 18) people.
    """
    rng = stream_of(world.seed, f"census bands from {start}")
    middle = np.arange(AGE_BANDS) * 5 + 2.5
    tilt = np.exp(-0.15 * world.z21[start:stop, None] * (middle - 40.0) / 25.0)
    shares = _BAND_SHARE * tilt * rng.lognormal(0.0, 0.12, (stop - start, AGE_BANDS))
    shares /= shares.sum(axis=1, keepdims=True)
    return spread_whole(shares, world.people21[start:stop])


def ethnic_groups(world: World, start: int, stop: int) -> Ints:
    """Census residents by the five ethnic groups of TS021 for LSOAs 2021 `start` to `stop`.

    Of every group but White, more live where deprivation is greater; how many more is invented.

    Returns:
        (stop - start, 5) people, in the order of the census table; rows sum to `people21`.
    """
    rng = stream_of(world.seed, f"ethnic groups from {start}")
    slope = np.array([0.35, 0.55, 0.25, 0.0, 0.45])
    tilt = np.exp(slope * world.z21[start:stop, None])
    shares = np.array([4.0, 2.0, 2.0, 91.0, 1.0]) * tilt * rng.lognormal(0.0, 0.4, tilt.shape)
    shares /= shares.sum(axis=1, keepdims=True)
    return spread_whole(shares, world.people21[start:stop])


def single_years(world: World, start: int, stop: int) -> Ints:
    """Mid-2020 persons by single year 0 ... 89, 90+ for LSOAs 2011 `start` to `stop`.

    Returns:
        (stop - start, 91) people; rows sum to `people11`.
    """
    rng = stream_of(world.seed, f"single years from {start}")
    ages = np.arange(91)
    band = np.minimum(ages // 5, AGE_BANDS - 1)
    width = np.bincount(band)[band]
    tilt = np.exp(-0.15 * world.z11[start:stop, None] * (ages - 40.0) / 25.0)
    shares = (_BAND_SHARE[band] / width) * tilt * rng.lognormal(0.0, 0.15, (stop - start, 91))
    shares /= shares.sum(axis=1, keepdims=True)
    return spread_whole(shares, world.people11[start:stop])


def build_world(seed: int, size: SampleSize) -> World:
    """Invent a nation.

    Args:
        seed: Governs people and deprivation.
        size: Governs areas, codes and names.

    Raises:
        ValueError: The seed is negative.
    """
    stream_of(seed, "check")
    areas = size.nation_lsoas
    authorities, icb_names = _authorities(size)
    lad_sizes = np.diff(authorities.start)
    lad21 = np.repeat(np.arange(len(authorities)), lad_sizes)
    position = np.arange(areas) - authorities.start[lad21]
    strip_height = max(3, round(float(np.sqrt(lad_sizes.mean()))))
    columns = int(np.sqrt(0.6 * areas)) | 1  # odd: the walk must end a strip at its foot

    icbs = size.icbs
    region_of_icb = np.arange(icbs) * _regions(icbs) // icbs
    authorities = _with_regions(authorities, region_of_icb)

    sub_icb, sub_codes, sub_ods = _sub_icbs(authorities, lad21, position)
    events = _boundary_changes(seed, authorities, lad21, position)
    split, merged, irregular = events

    # 2011 entities: every cell but the second half of a later split, plus the second half of a
    # merger, which has no cell of its own. Keys order them along the walk.
    keep = np.ones(areas, dtype=bool)
    keep[split + 1] = False
    key11 = np.sort(np.concatenate([np.flatnonzero(keep) * 2, merged * 2 + 1]))
    index11 = {int(k): i for i, k in enumerate(key11)}
    rows: list[tuple[int, int, str, float]] = []
    plain = np.ones(areas, dtype=bool)
    for first in (split, irregular):
        plain[first] = False
        plain[first + 1] = False
    plain[merged] = False
    rows += [(index11[c * 2], c, "U", 1.0) for c in np.flatnonzero(plain).tolist()]
    for c in split.tolist():
        rows += [(index11[c * 2], c, "S", 1.0), (index11[c * 2], c + 1, "S", 1.0)]
    for c in merged.tolist():
        rows += [(index11[c * 2], c, "M", 0.5), (index11[c * 2 + 1], c, "M", 0.5)]
    for c in irregular.tolist():
        rows += [
            (index11[c * 2], c, "X", 1.0),
            (index11[c * 2], c + 1, "X", 0.3),
            (index11[c * 2 + 2], c + 1, "X", 0.7),
        ]
    rows.sort()
    x11 = np.array([r[0] for r in rows])
    x21 = np.array([r[1] for r in rows])
    weight = np.array([r[3] for r in rows])

    lad11 = lad21[key11 // 2]
    changed = np.zeros(areas, dtype=bool)
    for first in (split, irregular):
        changed[first] = True
        changed[first + 1] = True
    changed[merged] = True
    code21, name21, code11, name11 = _lsoa_labels(
        authorities, lad21, position, changed, key11, merged
    )

    z21 = _deprivation(seed, authorities, lad21, columns, strip_height)
    rng = stream_of(seed, "people")
    people21 = (1_200 + 1_000 * rng.beta(2.2, 2.6, areas)).astype(np.int64)
    mass = np.bincount(x11, weights=weight * people21[x21], minlength=len(key11))
    people11 = np.rint(mass * rng.normal(0.99, 0.02, len(key11))).astype(np.int64)
    pull = np.bincount(x11, weights=weight * people21[x21] * z21[x21], minlength=len(key11))
    z11 = pull / mass + stream_of(seed, "2019 vintage").normal(0.0, 0.22, len(key11))

    rank21, rank11 = _rank(z21), _rank(z11)
    return World(
        seed=seed,
        size=size,
        columns=columns,
        strip_height=strip_height,
        authorities=authorities,
        icb_codes=[f"Z54{i + 1:06d}" for i in range(icbs)],
        icb_names=icb_names,
        icb_ods=[names.FOOTPRINT_ODS] + [_ods(i) for i in range(1, icbs)],
        region_codes=[f"Z12{i + 1:06d}" for i in range(_regions(icbs))],
        region_names=list(names.REGIONS[: _regions(icbs)]),
        lad21=lad21,
        sub_icb=sub_icb,
        sub_icb_codes=sub_codes,
        sub_icb_ods=sub_ods,
        code21=code21,
        name21=name21,
        lad11=lad11,
        code11=code11,
        name11=name11,
        crosswalk11=x11,
        crosswalk21=x21,
        crosswalk_change=[r[2] for r in rows],
        z21=z21,
        rank21=rank21,
        decile21=decile_of_rank(rank21, areas),
        z11=z11,
        rank11=rank11,
        decile11=decile_of_rank(rank11, len(key11)),
        people21=people21,
        people11=people11,
    )


def walk(cells: int, columns: int, strip_height: int) -> tuple[Ints, Ints]:
    """Grid column and row of each cell on the walk (row 0 is the north).

    Returns:
        Two arrays of length `cells`.
    """
    index = np.arange(cells)
    strip, within = np.divmod(index, columns * strip_height)
    step, depth = np.divmod(within, strip_height)
    column = np.where(strip % 2 == 0, step, columns - 1 - step)
    row = strip * strip_height + np.where(step % 2 == 0, depth, strip_height - 1 - depth)
    return column, row


def _regions(icbs: int) -> int:
    return max(2, min(len(names.REGIONS), icbs // 4))


def _ods(icb: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "Y" + digits[icb // 36 % 36] + digits[icb % 36]


def _authorities(size: SampleSize) -> tuple[Authorities, list[str]]:
    place_sizes = _whole_parts(np.array(PLACE_WEIGHTS), PLACES * size.lsoas_per_place)
    elsewhere = size.nation_lsoas - int(place_sizes.sum())
    count = max(3 * (size.icbs - 1), round(elsewhere / size.lsoas_per_authority))
    # Uneven, but fixed by the size alone: codes and areas must not move with the seed.
    uneven = 1.0 + 0.35 * np.sin(np.arange(count) * 2.399963)
    other_sizes = _whole_parts(uneven, elsewhere)
    icb = np.concatenate(
        [np.zeros(PLACES, dtype=np.int64), 1 + np.arange(count) * (size.icbs - 1) // count]
    )
    invented = names.authority_names(count)
    code: list[str] = []
    name: list[str] = []
    utla_code: list[str] = []
    utla_name: list[str] = []
    used = {"Z06": 0, "Z07": 0, "Z08": 0, "Z10": 0}

    def next_code(kind: str) -> str:
        used[kind] += 1
        return f"{kind}{used[kind]:06d}"

    for i, place in enumerate(names.PLACES):
        code.append(next_code("Z06" if i < 4 else "Z08"))
        name.append(place)
        utla_code.append(code[-1])
        utla_name.append(place)
    icb_names = [f"NHS {names.FOOTPRINT_ICB} (fictional) Integrated Care Board"]
    for board in range(1, size.icbs):
        members = np.flatnonzero(icb[PLACES:] == board)
        icb_names.append(
            f"NHS {invented[members[0]]} and {invented[members[-1]]} (fictional) "
            "Integrated Care Board"
        )
        districts = min(6, len(members) // 2)
        county = next_code("Z10") if districts > 1 else ""
        for j, m in enumerate(members.tolist()):
            name.append(invented[m])
            if county and j < districts:
                code.append(next_code("Z07"))
                utla_code.append(county)
                utla_name.append(f"{invented[members[0]]}shire")
            else:
                code.append(next_code("Z06" if j % 2 else "Z08"))
                utla_code.append(code[-1])
                utla_name.append(invented[m])
    sizes = np.concatenate([place_sizes, other_sizes])
    return (
        Authorities(
            code=code,
            name=name,
            utla_code=utla_code,
            utla_name=utla_name,
            icb=icb,
            region=np.zeros(len(code), dtype=np.int64),
            start=np.concatenate([[0], np.cumsum(sizes)]),
            place=np.where(np.arange(len(code)) < PLACES, np.arange(len(code)), -1),
        ),
        icb_names,
    )


def _with_regions(authorities: Authorities, region_of_icb: Ints) -> Authorities:
    return replace(authorities, region=region_of_icb[authorities.icb])


def _whole_parts(weights: Floats, total: int) -> Ints:
    shares = (weights / weights.sum())[None, :]
    parts: Ints = spread_whole(shares, np.array([total]))[0]
    return parts


def _sub_icbs(
    authorities: Authorities, lad21: Ints, position: Ints
) -> tuple[Ints, list[str], list[str]]:
    # The footprint has nine sub-ICB locations that are not its nine Places: the first Place is
    # cut in two and the last two Places are one. A reader that joins on "nine" goes wrong.
    of_lad = np.zeros(len(authorities), dtype=np.int64)
    of_lad[:PLACES] = [0, 2, 3, 4, 5, 6, 7, 8, 8]
    last = 8
    board = 0
    for lad in range(PLACES, len(authorities)):
        if authorities.icb[lad] != board:
            board, first = int(authorities.icb[lad]), lad
        if (lad - first) % 3 == 0:
            last += 1
        of_lad[lad] = last
    sub = of_lad[lad21]
    half = (authorities.start[1] - authorities.start[0]) // 2
    sub[(lad21 == 0) & (position >= half)] = 1
    codes = [f"Z38{i + 1:06d}" for i in range(last + 1)]
    return sub, codes, [f"Z{i + 1:04d}" for i in range(last + 1)]


def _boundary_changes(
    seed: int, authorities: Authorities, lad21: Ints, position: Ints
) -> tuple[Ints, Ints, Ints]:
    """First cells of splits, mergers and irregular changes; never two in one block of five.

    Frequencies are those of the ONS 2011 to 2021 lookup (2.7 % of LSOAs come from splits, 0.3 %
    from mergers, a handful irregular); the footprint gets at least one of each.
    """
    lad_size = np.diff(authorities.start)[lad21]
    block = np.flatnonzero((position % 5 == 0) & (position + 5 <= lad_size))
    kind = stream_of(seed, "boundary changes").random(len(block))
    lad = lad21[block]
    nth = position[block] // 5
    is_split = kind < 0.13
    is_merged = (kind >= 0.13) & (kind < 0.147)
    is_irregular = (kind >= 0.147) & (kind < 0.149)
    for place, wanted in ((0, "S"), (1, "M"), (2, "X"), (10, "M"), (11, "X")):
        at = (lad == place) & (nth == 1)
        is_split[at], is_merged[at], is_irregular[at] = (
            wanted == "S",
            wanted == "M",
            wanted == "X",
        )
    return block[is_split], block[is_merged], block[is_irregular]


def _lsoa_labels(
    authorities: Authorities,
    lad21: Ints,
    position: Ints,
    changed: NDArray[np.bool_],
    key11: Ints,
    merged: Ints,
) -> tuple[list[str], list[str], list[str], list[str]]:
    areas = len(lad21)
    spare = areas + len(merged)
    fresh = np.cumsum(changed) + spare
    number21 = np.where(changed, fresh, np.arange(areas) + 1)
    cell11 = key11 // 2
    is_spare = key11 % 2 == 1
    number11 = np.where(is_spare, areas + np.cumsum(is_spare), cell11 + 1)
    lad_name = authorities.name
    letters = "ABCDEFGHIJ"

    def label(cell: int, letter: int) -> str:
        block, within = divmod(int(position[cell]), 5)
        return f"{lad_name[lad21[cell]]} {block + 1:03d}{letters[within + letter]}"

    code21 = [f"Z01{n:06d}" for n in number21.tolist()]
    code11 = [f"Z01{n:06d}" for n in number11.tolist()]
    name21 = [label(c, 5 if new else 0) for c, new in enumerate(changed.tolist())]
    name11 = [
        label(c, 5 if extra else 0)
        for c, extra in zip(cell11.tolist(), is_spare.tolist(), strict=True)
    ]
    return code21, name21, code11, name11


def _deprivation(
    seed: int, authorities: Authorities, lad21: Ints, columns: int, strip_height: int
) -> Floats:
    rng = stream_of(seed, "deprivation")
    level = rng.normal(-0.10, 0.45, len(authorities))
    level[:PLACES] = PLACE_DEPRIVATION
    column, row = walk(len(lad21), columns, strip_height)
    field = np.zeros(len(lad21))
    for _ in range(4):
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        wavelength = rng.uniform(5.0, 11.0)
        along = column * np.cos(angle) + row * np.sin(angle)
        field += np.cos(2 * np.pi * along / wavelength + phase)
    field *= 0.55 / np.sqrt(2.0)
    # Centre the field within each authority, so that the planted Place levels hold.
    count = np.bincount(lad21)
    field -= (np.bincount(lad21, weights=field) / count)[lad21]
    return level[lad21] + field + rng.normal(0.0, 0.55, len(lad21))


def _rank(z: Floats) -> Ints:
    rank = np.empty(len(z), dtype=np.int64)
    rank[np.argsort(-z, kind="stable")] = np.arange(1, len(z) + 1)
    return rank
