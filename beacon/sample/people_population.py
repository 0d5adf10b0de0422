"""Who the fictional persons are: where they live, how old they are, where they are registered.

What belongs here: persons without any illness. What does not: what they have (`people_conditions`)
and what is written down of it (`people_entries`).

Persons are numbered in the order of their LSOA. Their numbers by LSOA follow the sample's Census
residents, their ages those of the LSOA, so that rates by age and deprivation agree with the rest of
the sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from beacon.sample import names
from beacon.sample.networks import network_code, network_name, network_of
from beacon.sample.people_hash import MACROS, drawn
from beacon.sample.practices import LSOAS_PER_PRACTICE
from beacon.sample.world import AGE_BANDS, World, census_bands, spread_whole

if TYPE_CHECKING:
    import duckdb

AS_AT = date(2025, 3, 31)
EARLIER = date(2024, 12, 31)
"""The two days that the sample has extracts of."""

LSOA_UNKNOWN = 0.004
MOVED_IN_QUARTER = 0.015
LEFT_IN_YEAR = 0.03
JOINED_IN_QUARTER = 0.012
DIED_IN_TWO_YEARS = 0.05
ETHNICITY_UNKNOWN = 0.05


@dataclass(frozen=True)
class Faults:
    """What is planted to be found.

    Attributes:
        silent_practice: Practice that sent no entries in the last month.
        practice_without_ethnicity: Practice of which a third of persons have no ethnicity.
    """

    silent_practice: str
    practice_without_ethnicity: str


def faults_of() -> Faults:
    """The practices with planted faults: the third and the fifth of the footprint."""
    return Faults(practice_code(2), practice_code(4))


def practice_code(number: int) -> str:
    """Code of a fictional practice, as `practices` gives it."""
    return f"Z{number + 1:05d}"


def prepare(con: duckdb.DuckDBPyConnection, world: World, persons: int) -> Households:
    """Make the small tables that persons are drawn from, and say who lives where.

    Args:
        con: A connection.
        world: The fictional nation.
        persons: How many persons live in the footprint.
    """
    con.execute(MACROS)
    place = world.authorities.place[world.lad21]
    cells = np.flatnonzero(place >= 0)
    people = world.people21[cells]
    share = (people / people.sum())[None, :]
    count = spread_whole(share, np.array([persons]))[0]
    start = np.cumsum(count) - count
    # Quintiles as the index gives them: of the rank among all LSOAs of the nation.
    quintile = (world.rank21[cells] * 5 + world.lsoas21 - 1) // world.lsoas21
    area = pl.DataFrame(
        {
            "slot": np.arange(len(cells)),
            "start": start,
            "lsoa21_code": [world.code21[cell] for cell in cells],
            "cell": cells,
            "quintile": quintile,
            "decile": world.decile21[cells],
            "place_code": [world.authorities.code[int(world.lad21[cell])] for cell in cells],
        }
    )
    practices = -(-world.lsoas21 // LSOAS_PER_PRACTICE)
    practice = pl.DataFrame(
        {
            "practice_code": [practice_code(n) for n in range(practices)],
            "practice_name": [
                f"{names.WARDS[n % len(names.WARDS)].upper()} SURGERY {n + 1} (FICTIONAL)"
                for n in range(practices)
            ],
            "pcn_code": [network_code(network_of(n)) for n in range(practices)],
            "pcn_name": [network_name(network_of(n)) for n in range(practices)],
        }
    )
    for name, frame in (("area", area), ("practice", practice)):
        con.register("frame", frame.to_arrow())
        con.execute(f"create or replace table sample_{name} as from frame")
        con.unregister("frame")
    con.execute("create or replace table sample_size as select ? as slots, ? as practices",
                [len(cells), practices])  # fmt: skip
    bands = np.vstack([census_bands(world, int(cell), int(cell) + 1) for cell in cells])
    shares = np.cumsum(bands, axis=1) / np.maximum(bands.sum(axis=1, keepdims=True), 1)
    return Households(start, (shares + np.arange(len(cells))[:, None]).ravel())


@dataclass(frozen=True)
class Households:
    """Where people live and how old they are, as arrays over the footprint's LSOAs.

    Attributes:
        start: First person of each LSOA.
        upper: Cumulative share of each LSOA's people up to each five-year band, plus the number of
            the LSOA, in one ascending row.
    """

    start: NDArray[np.int64]
    upper: NDArray[np.float64]

    def placed(self, low: int, high: int) -> pl.DataFrame:
        """Number, LSOA slot and age in years of persons `low` to `high`."""
        i = np.arange(low, high)
        slot = np.searchsorted(self.start, i, side="right") - 1
        cell = np.searchsorted(self.upper, slot + drawn(i, 1), side="right")
        band = np.minimum(cell - slot * AGE_BANDS, AGE_BANDS - 1)
        years = band * 5 + np.floor(drawn(i, 2) * np.where(band == AGE_BANDS - 1, 12, 5))
        return pl.DataFrame({"i": i, "slot": slot, "years": years.astype(np.int32)})


def persons_sql(faults: Faults) -> str:
    """The persons of table `sample_household`, one row each, without illness.

    Ages are held at `AS_AT`. A person who moved lives at `lsoa_before` until `moved_on`.
    """
    as_at = f"date '{AS_AT}'"
    return f"""
    with aged as (
        select number.i, number.years, area.*,
            (area.slot + 37) % (select slots from sample_size) as slot_before
        from sample_household as number inner join sample_area as area using (slot)
    ),
    born as (
        select *,
            ({as_at} - to_months(years * 12 + floor(u(i, 3) * 12)::int))::date as about,
            date_trunc('month', about)::date as birth_month,
            if(u(i, 4) < 0.506, 'Female', 'Male') as sex,
            least(greatest(cell // {LSOAS_PER_PRACTICE}
                + case when u(i, 5) < 0.12 then -1 when u(i, 5) < 0.88 then 0 else 1 end, 0),
                (select practices from sample_size) - 1) as practice_number,
            u(i, 6) < {MOVED_IN_QUARTER} as has_moved,
            date '{EARLIER}' + 3 + floor(u(i, 7) * 25)::int as moved_on,
            u(i, 8) < {LSOA_UNKNOWN} as lsoa_unknown
        from aged
    ),
    placed as (
        select born.*, practice.practice_code,
            practice.practice_code = '{faults.silent_practice}' as is_silent,
            case
                when years >= 40 and u(i, 9) < {DIED_IN_TWO_YEARS} * (years - 35) / 45.0
                then greatest(date_trunc('month', {as_at} - floor(u(i, 10) * 730)::int)::date,
                    birth_month)
            end as death_month,
            case
                when u(i, 11) < {JOINED_IN_QUARTER} then date '{EARLIER}' + 2 + floor(u(i, 12) * 25)::int
                else greatest({as_at} - 420 - floor(u(i, 12) * 4000)::int, birth_month)
            end as registered_from,
            if(u(i, 13) < {LEFT_IN_YEAR}, {as_at} - 1 - floor(u(i, 14) * 340)::int, null)
                as registered_until,
            case
                when u(i, 15) < {ETHNICITY_UNKNOWN} or (practice.practice_code
                    = '{faults.practice_without_ethnicity}' and u(i, 16) < 0.33) then null
                when u(i, 15) < 0.06 then 'Z'
                when u(i, 17) < 0.70 - 0.05 * (3 - quintile) then 'A'
                when u(i, 17) < 0.76 - 0.05 * (3 - quintile) then 'C'
                when u(i, 17) < 0.80 - 0.04 * (3 - quintile) then 'D'
                when u(i, 17) < 0.88 - 0.03 * (3 - quintile) then 'J'
                when u(i, 17) < 0.95 - 0.01 * (3 - quintile) then 'N'
                else 'S'
            end as ethnicity_16
        from born inner join sample_practice as practice
            on practice.practice_code = 'Z' || lpad((practice_number + 1)::varchar, 5, '0')
    )
    select placed.* exclude (about, start)
        replace (if(lsoa_unknown, null, placed.quintile) as quintile,
            if(lsoa_unknown, null, placed.decile) as decile,
            if(lsoa_unknown, null, placed.place_code) as place_code,
            if(registered_until <= registered_from, null, registered_until) as registered_until),
        before.lsoa21_code as lsoa_before, before.place_code as place_before,
        if(death_month is null, date '9999-01-01', death_month) as dead_from,
        'FICT' || lpad(format('{{:x}}', whole(i, 18)), 8, '0') || format('{{:x}}', i) as pseudonym
    from placed left join sample_area as before on placed.slot_before = before.slot
    """
