"""`beacon indicators`: what is measured, and how it stands in the current release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows
from beacon.cli.options import chosen_columns, inform
from beacon.cli.printed_tables import write_pairs

if TYPE_CHECKING:
    from beacon.core.home import Home
    from beacon.registry import Indicator


def indicators(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID | sign ID]",
            help="Number or short name: prints the definition; after `sign`, signs it.",
        ),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who signs, with `sign`.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Clinical areas and context too, not the beacons alone.")
    ] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only those without a figure for a Place, and why.")
    ] = False,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """List the beacon indicators, print one definition, or sign that it was checked."""
    from beacon.core.errors import BeaconError
    from beacon.registry import load_indicators
    from beacon.signatures import with_signatures

    place = home_of(home)
    known = with_signatures(load_indicators(), place)
    asked = words or []
    if asked[:1] == ["sign"] and len(asked) == 2:
        _sign(_named(asked[1], known), by, place)
        return
    if len(asked) > 1 or asked == ["sign"] or by:
        raise BeaconError(
            "Give one number or short name, or `sign ID --by NAME` to sign a definition."
        )
    state = states_in_release(home)
    if asked:
        indicator = _named(asked[0], known)
        _print_definition(indicator, state.get(indicator.slug), form)
        return
    columns: tuple[str, ...] = (
        "id", "slug", "name", "short_name", "name_status", "source", "latest_period", "places",
        "status", "why",
    )  # fmt: skip
    rows = [
        _row(indicator, state.get(indicator.slug, {}))
        for indicator in known.values()
        if everything or indicator.is_beacon
    ]
    if missing:
        rows = [row for row in rows if not state.get(row[1], {}).get("places_with_value")]
    if form is Format.table and chosen_columns() is None:
        last = ("status", "why") if missing else ("latest_period", "places", "status")
        shown = ("id", "short_name", *last)
        rows = [tuple(row[columns.index(name)] for name in shown) for row in rows]
        columns = shown
    print_rows(columns, rows, form)


def _named(identifier: str, known: dict[str, Indicator]) -> Indicator:
    from beacon.core.errors import BeaconError
    from beacon.core.suggestions import did_you_mean

    for indicator in known.values():
        if identifier in (indicator.slug, str(indicator.id)):
            return indicator
    raise BeaconError(
        f"There is no indicator {identifier!r}.{did_you_mean(identifier, known)} "
        "`beacon indicators --all` lists them."
    )


def _sign(indicator: Indicator, by: str, home: Home) -> None:
    from beacon.operations.home_lock import home_lock
    from beacon.signatures import sign

    with home_lock(home):
        signature = sign(home, indicator, by)
    inform(f"Signed by {signature.by}: {indicator.name}. The next run publishes it.")


def _row(indicator: Indicator, found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        indicator.id,
        indicator.slug,
        indicator.name,
        indicator.short_name or indicator.name,
        indicator.name_status,
        found.get("source") or "",
        found.get("latest_period") or "",
        f"{found['places_with_value']} of {found['places']}" if found else "",
        found.get("status", "no release"),
        found.get("status_note") or "",
    )


def states_in_release(home: Any) -> dict[str, dict[str, Any]]:
    """State of each indicator's best headline measure in the current release, if there is one."""
    from beacon.release.layout import latest_release
    from beacon.release.query import connect_release

    release = latest_release(home_of(home))
    if release is None:
        return {}
    relation = connect_release(release, sql="").execute(
        "select indicator_slug, source, latest_period, places_with_value, places, status, "
        "status_note "
        "from indicator where role = 'measure' "
        "qualify row_number() over (partition by indicator_slug "
        "order by places_with_value desc, is_headline desc, measure) = 1"
    )
    names = [column[0] for column in relation.description or []]
    return {row[0]: dict(zip(names, row, strict=True)) for row in relation.fetchall()}


def _print_definition(indicator: Indicator, state: dict[str, Any] | None, form: Format) -> None:
    import json
    import sys

    if form is Format.json:
        record = indicator.model_dump(mode="json")
        sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=2) + "\n")
        return
    write_pairs([(name, text) for name, text in _described(indicator, state) if text])


def _described(indicator: Indicator, state: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What a reader wants to know of an indicator, in order; empty texts are left out."""
    pairs = [
        ("indicator", f"{indicator.id} {indicator.name}"),
        ("short name", indicator.short_name or ""),
        ("slug", indicator.slug),
        ("name", f"{indicator.name_status}. {indicator.name_evidence or ''}".strip()),
        ("programme", indicator.programme.replace("_", " ")),
        ("theme", indicator.theme),
        ("definition", indicator.definition or ""),
        ("numerator", indicator.numerator or ""),
        ("denominator", indicator.denominator or ""),
        ("unit", indicator.unit),
        ("direction", indicator.polarity.replace("_", " ")),
        ("age", indicator.age or ""),
        ("sex", ", ".join(indicator.sex)),
        ("frequency", indicator.frequency or ""),
        ("limits", indicator.ci_method.replace("_", " ")),
        ("comparison", indicator.benchmark_reason or indicator.benchmark_method.replace("_", " ")),
        ("recent trend", indicator.recent_trend_reason or "tested"),
    ]
    for measure in indicator.measures:
        told = (
            f"{measure.id}: {indicator.measure_name(measure.id)} ({indicator.role_of(measure.id)})"
        )
        pairs.append(("measure", told if len(indicator.measures) > 1 else ""))
    for binding in indicator.sources:
        series = ", ".join(selection.series for selection in binding.select)
        of = f" for {binding.measure}" if len(indicator.measures) > 1 else ""
        told = binding.publisher_id or series or "no series known"
        pairs.append(("source", f"{binding.source}{of}: {told}"))
    pairs.append(("no open source", indicator.no_open_source or ""))
    pairs.append(("below region", indicator.region_only_note or ""))
    pairs += [("break", f"from {item.period}: {item.note}") for item in indicator.known_breaks]
    pairs += [("gap", f"{item.period}: {item.reason}") for item in indicator.cancelled_periods]
    pairs += [("caveat", text) for text in indicator.caveats]
    pairs.append(("why", indicator.rationale))
    pairs.append(("checked by", indicator.checked_by or "nobody yet"))
    pairs.append(("owner", f"{indicator.owner}; next review {indicator.next_review}"))
    if state:
        of = f"{state['places_with_value']} of {state['places']} Places"
        latest = f", latest {state['latest_period']}" if state["latest_period"] else ""
        note = f". {state['status_note']}" if state["status_note"] else ""
        pairs.append(("this release", f"{state['status'].replace('_', ' ')}, {of}{latest}{note}"))
        if state["places_with_value"]:
            pairs.append(("next", f"beacon trace {indicator.id} PLACE"))
        else:
            pairs.append(("next", "beacon sources, then beacon sources check --folder DIR"))
    return pairs
