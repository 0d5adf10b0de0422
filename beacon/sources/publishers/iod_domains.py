"""Indices of Deprivation: the domains, supplementary indices and earlier issues, in long form."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.reading import read_table
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.yearly_columns import with_named_columns

# What each header begins with -> the domain. The publisher has called some of them differently
# from one file to the next.
_DOMAINS: dict[str, str] = {
    r"Index of Multiple Deprivation \(IMD\)": "imd",
    r"Income": "income",
    r"Employment": "employment",
    r"Education, Skills and Training": "education",
    r"Health Deprivation and Disability": "health",
    r"Crime": "crime",
    r"Barriers to Housing and Services": "barriers",
    r"Living Environment": "living_environment",
    r"Income Deprivation Affecting Children Index \(IDACI\)": "idaci",
    r"Income Deprivation Affecting Older People (?:Index )?\(IDAOPI\)": "idaopi",
    r"Children and Young People Sub-domain": "children_young_people",
    r"Adult Skills Sub-domain": "adult_skills",
    r"Geographical Barriers Sub-domain": "geographical_barriers",
    r"Wider Barriers Sub-domain": "wider_barriers",
    r"Indoors Sub-domain": "indoors",
    r"Outdoors Sub-domain": "outdoors",
}
# The publisher cuts some headers at 80 characters, so nothing is asked of what follows.
_MEASURE = r" (Score|Rank|Decile)\b.*"


def read_iod_domains(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.LazyFrame:
    """Read every index of a file that has a rank and a decile.

    Returns:
        One row per LSOA and domain: imd_vintage, lsoa_vintage, lsoa_code, domain, rank (1 = most
        deprived), decile (1 = most deprived tenth), score (null where the file has none),
        source_row. Ranks of domains may be shared.

    Raises:
        InputRefusedError: When a rank, decile or score is impossible, or rank and decile disagree.
    """
    dataset = spec.dataset
    table = read_table(path, container, dataset)
    columns = Columns(table, with_named_columns(dataset, table), fictional=fictional)
    columns.check_row_count()
    # Ranks and deciles can only be judged against the number of all LSOAs.
    columns.raise_if_problems()
    count = len(columns.rows)
    lsoa = dataset.header[0]
    codes = columns.code(lsoa, area_pattern("lsoa", fictional=fictional))
    columns.unique([lsoa])
    frames: list[pl.LazyFrame] = []
    rows = columns.rows.cast(pl.Int32)
    for domain, headers in _indices(table.header).items():
        if "Rank" not in headers or "Decile" not in headers:
            continue
        rank = columns.integer(headers["Rank"], 1, count)
        decile = columns.integer(headers["Decile"], 1, 10)
        score = columns.number(headers["Score"])[0] if "Score" in headers else None
        # Holds for every LSOA and domain of 2015, 2019 and 2025, shared ranks included.
        expected = (rank * 10 + count - 1) // count
        columns.fail_where(
            (expected != decile) & decile.is_between(1, 10),
            headers["Decile"],
            "does not follow from the rank in the same row",
        )
        if score is not None and _rises_together(rank, score):
            columns.fail_where(
                rows == rows[0],
                headers["Rank"],
                "and the ranks below it rise with the score: 1 is not the most deprived here",
            )
        # A number too large for this was reported above.
        narrow = [numbers.cast(pl.Int32, strict=False) for numbers in (rank, decile)]
        ranks = [codes.alias("lsoa_code"), narrow[0].alias("rank"), narrow[1].alias("decile")]
        frames.append(
            pl.DataFrame([*ranks, rows.alias("source_row")])
            .with_columns(score.alias("score") if score is not None else _NO_SCORE)
            .lazy()
            .select(
                pl.lit(int(dataset.options["imd_vintage"])).cast(pl.Int32).alias("imd_vintage"),
                pl.lit(int(dataset.options["lsoa_vintage"])).cast(pl.Int32).alias("lsoa_vintage"),
                "lsoa_code",
                pl.lit(domain).alias("domain"),
                "rank",
                "decile",
                "score",
                "source_row",
            )
        )
    columns.raise_if_problems()
    return pl.concat(frames)


def _rises_together(rank: pl.Series, score: pl.Series) -> bool:
    """Whether the greater scores have the greater ranks, where a score says how deprived."""
    found = pl.DataFrame({"rank": rank, "score": score}).select(pl.corr("rank", "score")).item()
    return found is not None and found > 0


_NO_SCORE = pl.lit(None, dtype=pl.Float64).alias("score")


def _indices(header: list[str]) -> dict[str, dict[str, str]]:
    """Headers of score, rank and decile by domain."""
    found: dict[str, dict[str, str]] = {}
    for name in header:
        for pattern, domain in _DOMAINS.items():
            match = re.fullmatch(pattern + _MEASURE, name)
            if match:
                found.setdefault(domain, {})[match.group(1)] = name
    return found
