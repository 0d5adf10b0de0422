"""Core20 for every authority of the nation, and a map layer, against pandas and geopandas.

Both start from the publishers' files and both are whole processes, imports included. Beacon also
hashes and keeps the files, checks every row and records where each came from; the notebook does
not, and is not asked to.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.footprints import base_home, find_input, footprint_files
from benchmarks.measure import (
    AnswersDifferError,
    Options,
    PartResult,
    Row,
    Timing,
    alternate,
    must_agree,
    python,
    run_process,
)

if TYPE_CHECKING:
    import polars as pl

_FILES = {
    "imd": "*File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx",
    "people": "*TS007A_age_by_five_year_age_bands_lsoa21.csv",
    "boards": "*LSOA21_SICBL24_ICB24*.csv",
    "wards": "*LSOA21_WD24_LAD24*.csv",
    "upper": "*LTLA-UTLA*.csv",
    "outlines": "*LSOA_2021_EW_BSC*.gpkg",
}
_TOLERANCE_DEGREES = 0.001
_IMD_COLUMNS = {
    "LSOA code (2021)": "lsoa",
    "Local Authority District code (2024)": "lad",
    "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOA": "decile",
}


def run(options: Options) -> PartResult:
    """Compare both jobs."""
    result = PartResult()
    if options.inputs is None and not options.quick:
        result.notes.append("not available: there is no folder of official files")
        return result
    source = base_home(options).folder
    folder = options.work / "core20_inputs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for pattern in _FILES.values():
        path = find_input(source, pattern)
        shutil.copy(path, folder / path.name)
    footprints = options.work / "core20_footprints"
    footprint = footprint_files(folder, footprints)[-1]
    result.rows.append(_cohorts(folder, footprint, options))
    result.rows.append(_layer(folder, options))
    return result


def _job(name: str, folder: Path, out: Path, *more: str) -> Timing:
    return run_process(
        python("-m", "benchmarks.core20", name, "--folder", str(folder), "--out", str(out), *more)
    )


def _cohorts(folder: Path, footprint: Path, options: Options) -> Row:
    import polars as pl

    mine, other = options.work / "cohorts_ours.parquet", options.work / "cohorts_theirs.parquet"
    home = options.work / "core20_home"

    def ours() -> Timing:
        shutil.rmtree(home, ignore_errors=True)
        return _job("ours", folder, mine, "--home", str(home), "--footprint", str(footprint))

    def theirs() -> Timing:
        return _job("theirs", folder, other)

    ours()
    theirs()
    keys = ["area_code", "age_band", "core20"]
    left, right = (pl.read_parquet(path).sort(keys) for path in (mine, other))
    if left.select(keys).rows() != right.select(keys).rows():
        raise AnswersDifferError(
            f"areas and bands differ: {left.height} rows and {right.height} rows"
        )
    answers = must_agree(
        f"people, LSOAs and shares of {left.height:,} rows",
        left.select("people", "lsoas", "share_percent").to_numpy(),
        right.select("people", "lsoas", "share_percent").to_numpy(),
        1e-12,
    )
    timings = alternate(ours, theirs, options)
    areas = left["area_code"].n_unique()
    return Row(
        "Core20 from the publishers' files, whole process",
        f"{areas} areas by age band",
        *timings,
        "pandas, as in a notebook",
        answers,
        "Beacon also lands, hashes and checks the files and keeps where each row came from",
    )


def _layer(folder: Path, options: Options) -> Row:
    import geopandas as gpd
    import shapely

    mine, other = options.work / "layer_ours.parquet", options.work / "layer_theirs.parquet"

    def ours() -> Timing:
        return _job("ours-layer", folder, mine)

    def theirs() -> Timing:
        return _job("theirs-layer", folder, other)

    ours()
    theirs()
    left, right = (gpd.read_parquet(path).sort_values("icb") for path in (mine, other))
    if left["icb"].tolist() != right["icb"].tolist():
        raise AnswersDifferError("the layers have different areas")
    answers = must_agree(
        "LSOAs in Core20", left["core20_lsoas"].to_numpy(), right["core20_lsoas"].to_numpy(), 0.0
    )
    # Simplified by different rules, the outlines still have to be those of the same areas.
    shapes, others = (shapely.make_valid(frame.geometry.to_numpy()) for frame in (left, right))
    difference = shapely.area(shapely.symmetric_difference(shapes, others))
    share = float((difference / shapely.area(shapes)).max())
    if share > 0.02:
        raise AnswersDifferError(f"outlines differ by {share:.1%} of an area")
    overlaps = {name: _gaps(frame) for name, frame in (("ours", left), ("theirs", right))}
    timings = alternate(ours, theirs, options)
    return Row(
        "choropleth layer of all boards to GeoParquet, whole process",
        f"{len(left)} boards from all LSOAs' outlines",
        *timings,
        "geopandas: read, merge, dissolve, simplify",
        f"{answers}; outlines within {share:.2%} of each area",
        "geopandas simplifies each outline alone, so neighbours no longer share their edges",
        {
            "square_degrees_of_gaps_and_overlaps": overlaps,
            "bytes": {"ours": mine.stat().st_size, "theirs": other.stat().st_size},
        },
    )


def _gaps(layer: Any) -> float:
    """Area that neighbours both claim."""
    import shapely

    shapes = shapely.make_valid(layer.geometry.to_numpy())
    return float(shapely.area(shapes).sum() - shapely.area(shapely.union_all(shapes)))


def _is_fictional(folder: Path) -> bool:
    return any(path.name.startswith("FICTIONAL_") for path in folder.iterdir())


# Beacon's way


def _ours(folder: Path, out: Path, home: Path, footprint: Path) -> None:
    from beacon.core.settings import Settings
    from beacon.session import Session
    from beacon.warehouse.connection import sql_tables
    from beacon.workspace import Workspace

    inputs: dict[str, Any] = {"inputs": "folder", "folder": folder}
    if _is_fictional(folder):
        inputs = {"inputs": "sample"}
    workspace = Workspace(Settings(home=home, footprint=str(footprint), **inputs))
    with Session(workspace) as session:
        session.land()
        for table in workspace.staging_tables:
            if table not in ("boundary", "observation"):
                session.stage(table)
        for name in (*sql_tables("geography"), *sql_tables("cohorts")):
            session.derive(name)
        session.warehouse.con.execute(
            "copy (select area_code, age_band, core20, people, lsoas, share_percent "
            "from cohorts.core20_area where imd_vintage = 2025 and sex = 'Persons' "
            f"and area_type in ('place', 'nation')) to '{out}' (format parquet)"
        )


def _ours_layer(folder: Path, out: Path) -> None:
    import duckdb
    import numpy as np
    import pyarrow as pa
    import shapely

    from beacon.registry.sources import load_source_register
    from beacon.site.charts.map_chart import united
    from beacon.sources.readers import READERS

    register = load_source_register()
    fictional = _is_fictional(folder)

    def read(key: str, pattern: str, container: Any) -> pl.DataFrame:
        spec = register.datasets[key]
        path = find_input(folder, pattern)
        return READERS[spec.dataset.reader](path, container, spec, fictional)

    frames = {
        "imd": read("mhclg_iod2025/file_1", _FILES["imd"], "xlsx"),
        "board": read("ons_open_geography/lsoa21_icb24", _FILES["boards"], "csv"),
        "outline": read("ons_boundaries/lsoa21", _FILES["outlines"], "gpkg"),
    }
    con = duckdb.connect()
    for name, frame in frames.items():
        con.register(name, frame.to_arrow())
    rows = con.execute(
        "select b.icb24_code, any_value(b.icb24_name), count(*) filter (i.imd_decile <= 2), "
        "list(o.geometry order by o.area_code) from board as b "
        "join imd as i on i.lsoa_code = b.lsoa21_code "
        "join outline as o on o.area_code = b.lsoa21_code "
        "group by b.icb24_code order by b.icb24_code"
    ).fetchall()
    whole = np.array([united(shapely.from_wkb(row[3])) for row in rows], dtype=object)
    simple = shapely.coverage_simplify(whole, _TOLERANCE_DEGREES)
    _write_geoparquet(
        pa.table(
            {
                "icb": [row[0] for row in rows],
                "icb_name": [row[1] for row in rows],
                "core20_lsoas": [row[2] for row in rows],
                "geometry": pa.array(shapely.to_wkb(simple).tolist(), pa.binary()),
            }
        ),
        out,
    )


def _write_geoparquet(table: Any, out: Path) -> None:
    """As releases are written: WKB in longitude and latitude, with the format's own metadata."""
    import json

    import pyarrow.parquet as pq

    column = {"encoding": "WKB", "geometry_types": []}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), out, compression="zstd")


# The analyst's way


def _theirs(folder: Path, out: Path) -> None:
    import pandas as pd

    imd = pd.read_excel(find_input(folder, _FILES["imd"]), sheet_name="IMD25", engine="openpyxl")
    imd = imd.rename(columns=_IMD_COLUMNS)[["lsoa", "lad", "decile"]]
    people = _people(find_input(folder, _FILES["people"]))
    upper = pd.read_csv(find_input(folder, _FILES["upper"]), encoding="utf-8-sig")
    upper = upper[["LTLA23CD", "UTLA23CD"]].rename(columns={"LTLA23CD": "lad", "UTLA23CD": "area"})
    lsoas = imd.merge(upper, on="lad", how="left")
    lsoas["area"] = lsoas["area"].fillna(lsoas["lad"])
    lsoas["core20"] = lsoas["decile"] <= 2
    nation = "Z92000001" if lsoas["lsoa"].str.startswith("Z").all() else "E92000001"
    lsoas = pd.concat([lsoas, lsoas.assign(area=nation)])
    bands = lsoas.merge(people, on="lsoa")
    counted = bands.groupby(["area", "age_band", "core20"], as_index=False)["people"].sum()
    grid = pd.MultiIndex.from_product(
        [counted["area"].unique(), counted["age_band"].unique(), [True, False]],
        names=["area", "age_band", "core20"],
    )
    counted = counted.set_index(["area", "age_band", "core20"]).reindex(grid, fill_value=0)
    counted = counted.reset_index()
    members = lsoas.groupby(["area", "core20"]).size().rename("lsoas").reset_index()
    counted = counted.merge(members, on=["area", "core20"], how="left").fillna({"lsoas": 0})
    whole = counted.groupby(["area", "age_band"])["people"].transform("sum")
    counted["share_percent"] = 100 * counted["people"] / whole
    counted.rename(columns={"area": "area_code"}).to_parquet(out)


def _people(path: Path) -> Any:
    """Census residents, long: LSOA, age band as Beacon names it, people."""
    import pandas as pd

    lines = path.read_text(encoding="utf-8-sig").splitlines()
    start = next(number for number, line in enumerate(lines) if '"mnemonic"' in line)
    wide = pd.read_csv(path, skiprows=start, skip_blank_lines=False)
    wide = wide.dropna(subset=["mnemonic"]).rename(columns={"mnemonic": "lsoa"})
    wide = wide.drop(columns=[wide.columns[0]])
    names = {"Total": "Total"}
    for column in wide.columns[2:]:
        numbers = [word for word in column.split() if word.isdigit()]
        if column.endswith("under"):
            names[column] = "0-4"
        elif column.endswith("over"):
            names[column] = f"{numbers[0]}+"
        else:
            names[column] = "-".join(numbers)
    wide = wide.rename(columns=names)
    wide["All ages"] = wide.drop(columns=["lsoa", "Total"]).sum(axis=1)
    long = wide.drop(columns="Total").melt("lsoa", var_name="age_band", value_name="people")
    return long.astype({"people": int})


def _theirs_layer(folder: Path, out: Path) -> None:
    import geopandas as gpd
    import pandas as pd

    imd = pd.read_excel(find_input(folder, _FILES["imd"]), sheet_name="IMD25", engine="openpyxl")
    imd = imd.rename(columns=_IMD_COLUMNS)
    boards = pd.read_csv(find_input(folder, _FILES["boards"]), encoding="utf-8-sig")
    outlines = gpd.read_file(find_input(folder, _FILES["outlines"]))
    lsoas = outlines.merge(boards, on="LSOA21CD").merge(imd, left_on="LSOA21CD", right_on="lsoa")
    lsoas["core20_lsoas"] = (lsoas["decile"] <= 2).astype(int)
    columns = ["ICB24CD", "ICB24NM", "core20_lsoas", "geometry"]
    layer = lsoas[columns].dissolve(
        by="ICB24CD", aggfunc={"ICB24NM": "first", "core20_lsoas": "sum"}
    )
    layer["geometry"] = layer.geometry.simplify(_TOLERANCE_DEGREES)
    layer = layer.reset_index().rename(columns={"ICB24CD": "icb", "ICB24NM": "icb_name"})
    layer.to_parquet(out)


def main() -> None:
    """One of the jobs, in a process of its own."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("job", choices=("ours", "theirs", "ours-layer", "theirs-layer"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--footprint", type=Path)
    chosen = parser.parse_args()
    if chosen.job == "ours":
        _ours(chosen.folder, chosen.out, chosen.home, chosen.footprint)
    elif chosen.job == "theirs":
        _theirs(chosen.folder, chosen.out)
    elif chosen.job == "ours-layer":
        _ours_layer(chosen.folder, chosen.out)
    else:
        _theirs_layer(chosen.folder, chosen.out)


if __name__ == "__main__":
    main()
