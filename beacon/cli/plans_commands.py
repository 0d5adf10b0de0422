"""`beacon targets` and `beacon aspirations`: what the plans aim at, and how it stands."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows
from beacon.cli.options import chosen_columns

ReleaseOption = Annotated[
    str | None, typer.Option("--release", help="Release label; the current one by default.")
]
PlaceOption = Annotated[str | None, typer.Option("--place", help="Name or code of an area.")]

_NAMES = "select distinct unnest([{what}_id, area_name]) from {what} where {where}"
# {where} stands for conditions whose values are given apart.
_TARGETS = """
select target_id, step, name, unit, polarity, baseline_value, target_value, target_upper_value, due,
    plan_status, status, area_name, period, round(value, 4) as value,
    round(still_to_go, 4) as still_to_go, round(yearly_change_needed, 4) as yearly_change_needed,
    round(yearly_change, 4) as yearly_change, reaches_in_time,
    coalesce(status_reason, reaches_reason) as reason, cited
from target where {where} order by target_id, step, area_role <> 'set_for', area_name
"""
_BY_PLACE = """
select aspiration_id, wording, fit, indicator_slug, measure, area_name, sex, period,
    round(value, 4) as value, unit, round(nation_value, 4) as nation_value, compared_with_nation,
    recent_trend, wanted, progress, progress_reason, could_come_from, needed
from aspiration where {where}
order by document, line, aspiration_id, indicator_slug, measure, area_name, sex
"""
_ASPIRATIONS = """
select document, line, aspiration_id, kind, aspiration_group, wording, mapping,
    string_agg(distinct indicator_slug, ', ' order by indicator_slug)
        filter (indicator_slug <> 'none') as indicators,
    any_value(targets) as targets,
    count(*) filter (progress = 'as_wanted') as as_wanted,
    count(*) filter (progress = 'against') as against,
    count(*) filter (progress = 'no_clear_change') as no_clear_change,
    count(*) filter (progress = 'not_assessed') as not_assessed,
    count(*) filter (progress = 'no_value') as no_value,
    any_value(could_come_from) as could_come_from,
    any_value(needed) as needed
from aspiration where {where}
group by document, line, aspiration_id, kind, aspiration_group, wording, mapping
order by document, line, aspiration_id
"""


def targets(
    target: Annotated[
        str | None, typer.Argument(help="Short name; shows all areas of one target.")
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="Only this status, such as live or missed.")
    ] = None,
    place: PlaceOption = None,
    release: ReleaseOption = None,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """List the numbers that the plans set, and how they stand."""
    where, given = ["true"], []
    if target is not None:
        where.append("target_id = ?")
        given.append(target)
    if status is not None:
        where.append("status = ?")
        given.append(status)
    if place is not None:
        where.append("(lower(area_name) = lower(?) or area_code = ?)")
        given += [place, place]
    if target is None and place is None:
        # What it is set for; of a measured target with nothing there, the areas that have a value.
        where.append("(area_role = 'set_for' or value is not null)")
    columns, rows = _read(_TARGETS, where, given, home, release, "target")
    _none_is_an_error(rows, target or place or status, "target", "beacon targets", home, release)
    if form is Format.table and chosen_columns() is None:
        shown = ("target_id", "area_name", "value", "target_value", "due", "status",
                 "still_to_go", "yearly_change_needed", "yearly_change", "reaches_in_time",
                 "reason")  # fmt: skip
        columns, rows = _only(columns, rows, shown)
    print_rows(columns, rows, form)


def aspirations(
    aspiration: Annotated[
        str | None, typer.Argument(help="Short name; shows each indicator in each Place.")
    ] = None,
    document: Annotated[
        str | None, typer.Option("--document", help="Only those of one document.")
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option("--mapping", help="measured, could_be_taken or not_measured."),
    ] = None,
    place: PlaceOption = None,
    release: ReleaseOption = None,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """List what the plans aspire to, and progress by Place."""
    where, given = ["true"], []
    shown: tuple[str, ...]
    for column, wanted in (
        ("aspiration_id", aspiration), ("document", document), ("mapping", mapping)
    ):  # fmt: skip
        if wanted is not None:
            where.append(f"{column} = ?")
            given.append(wanted)
    if place is not None:
        where.append("(lower(area_name) = lower(?) or area_code = ?)")
        given += [place, place]
    if aspiration is not None or place is not None:
        sql = _BY_PLACE
        shown = ("aspiration_id", "indicator_slug", "fit", "area_name", "sex", "period", "value",
                 "nation_value", "compared_with_nation", "wanted", "progress",
                 "progress_reason")  # fmt: skip
    else:
        sql = _ASPIRATIONS
        shown = ("aspiration_id", "wording", "mapping", "as_wanted", "against", "indicators",
                 "no_clear_change", "not_assessed", "no_value")  # fmt: skip
    columns, rows = _read(sql, where, given, home, release, "aspiration")
    _none_is_an_error(
        rows,
        aspiration or place or document or mapping,
        "aspiration",
        "beacon aspirations",
        home,
        release,
    )
    if form is Format.table and chosen_columns() is None:
        columns, rows = _only(columns, rows, shown)
    print_rows(columns, rows, form)


def _read(
    sql: str, where: list[str], given: list[str], home: Any, label: str | None, mart: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    from beacon.core.errors import BeaconError
    from beacon.release.layout import get_release
    from beacon.release.query import connect_release

    release = get_release(home_of(home), label)
    if not (release.path / f"{mart}.parquet").is_file():
        raise BeaconError(
            f"Release {release.label} has no mart `{mart}`: it was made by an older version. "
            "Run `beacon run` to make one that has."
        )
    query = sql.replace("{where}", " and ".join(where))
    cursor = connect_release(release, sql="").execute(query, given)
    return [column[0] for column in cursor.description or []], cursor.fetchall()


def _none_is_an_error(
    rows: list[tuple[Any, ...]],
    asked: str | None,
    what: str,
    command: str,
    home: Any,
    label: str | None,
) -> None:
    """Refuse a name that nothing has, with those that are like it."""
    from beacon.core.errors import BeaconError
    from beacon.core.suggestions import did_you_mean

    if rows or asked is None:
        return
    sql = _NAMES.replace("{what}", what)
    _, known = _read(sql, ["true"], [], home, label, what)
    likely = did_you_mean(asked, (str(name) for (name,) in known if name))
    raise BeaconError(f"No {what} matches {asked!r}.{likely} `{command}` lists them all.")


def _only(
    columns: list[str], rows: list[tuple[Any, ...]], shown: tuple[str, ...]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns that fit on a terminal; CSV and JSON have them all."""
    places = [columns.index(name) for name in shown]
    return list(shown), [tuple(row[place] for place in places) for row in rows]
