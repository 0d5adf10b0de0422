"""`beacon indicators`: what is measured, and how it stands in the current release."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows, settings_from


def indicators(
    identifier: Annotated[
        str | None, typer.Argument(help="Number or short name; prints the whole definition.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Clinical areas and context too, not the beacons alone.")
    ] = False,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """List the beacon indicators, or print one definition."""
    from beacon.core.errors import BeaconError
    from beacon.registry import load_indicators

    known = load_indicators()
    if identifier is not None:
        for indicator in known.values():
            if identifier in (indicator.slug, str(indicator.id)):
                _print_definition(indicator, form)
                return
        raise BeaconError(
            f"There is no indicator {identifier!r}. `beacon indicators --all` lists them."
        )
    shown = [indicator for indicator in known.values() if everything or indicator.is_beacon]
    state = _states(home)
    rows = []
    for indicator in shown:
        found = state.get(indicator.slug, {})
        rows.append(
            (
                indicator.id,
                indicator.slug,
                indicator.name,
                indicator.name_status,
                found.get("source") or "",
                found.get("latest_period") or "",
                f"{found['places_with_value']} of {found['places']}" if found else "",
                found.get("status", "no release"),
            )
        )
    columns = (
        "id", "slug", "name", "name_status", "source", "latest_period", "places", "status",
    )  # fmt: skip
    print_rows(columns, rows, form)


def _states(home: Any) -> dict[str, dict[str, Any]]:
    """State of each indicator's best headline measure in the current release, if there is one."""
    from beacon.core.settings import Home
    from beacon.release.layout import latest_release
    from beacon.release.query import connect_release

    release = latest_release(Home(settings_from(home=home).home))
    if release is None:
        return {}
    relation = connect_release(release, sql="").execute(
        "select indicator_slug, source, latest_period, places_with_value, places, status "
        "from indicator where role = 'measure' "
        "qualify row_number() over (partition by indicator_slug "
        "order by places_with_value desc, is_headline desc, measure) = 1"
    )
    names = [column[0] for column in relation.description or []]
    return {row[0]: dict(zip(names, row, strict=True)) for row in relation.fetchall()}


def _print_definition(indicator: Any, form: Format) -> None:
    import json
    import sys

    record = indicator.model_dump(mode="json")
    if form is Format.json:
        sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=2) + "\n")
        return
    import yaml

    sys.stdout.write(yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=100))
