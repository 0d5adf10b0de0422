"""Outlines of LSOAs and Places for the marts."""

from __future__ import annotations

from beacon.warehouse.connection import Warehouse

# Generalised outlines are finer than super-generalised ones; the finer is taken for a whole
# footprint or not at all, so that neighbours always share an edge.
_FINEST_FIRST = ("BGC", "BSC")


def derive_lsoa_outlines(warehouse: Warehouse) -> int:
    """Make `geography.lsoa21_outline`: one WKB outline per LSOA 2021 of the footprint."""
    con = warehouse.con
    con.execute(
        "create or replace table geography.lsoa21_outline "
        "(lsoa21_code varchar, resolution varchar, geometry blob)"
    )
    wanted = "select lsoa21_code from geography.lsoa21 where place_code is not null"
    for resolution in _FINEST_FIRST:
        ((missing, total),) = con.execute(
            "select count(*) filter (b.area_code is null), count(*) "  # noqa: S608
            f"from ({wanted}) as w left join staging.boundary as b "
            "on b.area_type = 'lsoa21' and b.resolution = ? and b.area_code = w.lsoa21_code",
            [resolution],
        ).fetchall()
        if (total and not missing) or resolution == _FINEST_FIRST[-1]:
            con.execute(
                "insert into geography.lsoa21_outline "  # noqa: S608
                "select b.area_code, b.resolution, b.geometry from staging.boundary as b "
                f"where b.area_type = 'lsoa21' and b.resolution = ? and b.area_code in ({wanted}) "
                "order by b.area_code",
                [resolution],
            )
            break
    return warehouse.row_count("geography.lsoa21_outline")


def derive_place_outlines(warehouse: Warehouse) -> int:
    """Make `geography.place_outline`: one WKB outline per Place.

    From the authorities' outlines where there are any, else dissolved from the Place's LSOAs.
    """
    import shapely

    con = warehouse.con
    con.execute(
        "create or replace table geography.place_outline (place_code varchar, geometry blob)"
    )
    authorities = con.execute(
        "select p.place_code, b.geometry from registry.place_local_authority as p "
        "left join staging.boundary as b on b.area_type = 'lad24' and b.area_code = p.lad_code "
        "order by p.place_code, p.lad_code"
    ).fetchall()
    pieces: dict[str, list[bytes | None]] = {}
    for place, outline in authorities:
        pieces.setdefault(place, []).append(outline)
    rows: list[tuple[str, bytes]] = []
    for place, outlines in sorted(pieces.items()):
        known = [outline for outline in outlines if outline is not None]
        if len(known) < len(outlines):
            known = [
                row[0]
                for row in con.execute(
                    "select o.geometry from geography.lsoa21_outline as o "
                    "inner join geography.lsoa21 as l using (lsoa21_code) "
                    "where l.place_code = ? order by lsoa21_code",
                    [place],
                ).fetchall()
            ]
        if len(known) == 1:
            rows.append((place, known[0]))
        elif known:
            rows.append((place, shapely.to_wkb(shapely.union_all(shapely.from_wkb(known)))))
    for row in rows:
        con.execute("insert into geography.place_outline values (?, ?)", list(row))
    return len(rows)
