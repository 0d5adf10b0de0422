"""Curated facts as tables of the working database, so that SQL can join to them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from beacon.core.source_names import LOCAL_RETURN
from beacon.registry import Indicator, load_pocket_rules
from beacon.registry.authorities import AuthorityRegister
from beacon.registry.bindings import ObservationFilter, ObservationLabel
from beacon.warehouse.area_tables import AREA_TABLES, area_rows
from beacon.warehouse.plan_tables import PLAN_TABLES, aspiration_rows, breakdown_rows, target_rows

if TYPE_CHECKING:
    import duckdb

    from beacon.workspace import Workspace

_FILTERS: tuple[ObservationFilter, ...] = (
    "dataset",
    "series_name",
    "sex",
    "age",
    "category_type",
    "category",
    "period",
)
_LABELS: tuple[ObservationLabel, ...] = ("sex", "age", "category_type", "category")

_TABLES: dict[str, str] = {
    "footprint": (
        "footprint_id varchar, footprint_name varchar, fictional boolean, nation_code varchar, "
        "nation_name varchar, icb_code varchar, icb_name varchar"
    ),
    "place": "place_code varchar, place_name varchar, short_name varchar, sort_order integer",
    # Every code of an authority, those of areas that it took over among them.
    "place_local_authority": "place_code varchar, lad_code varchar, lad_code_in_use varchar",
    "region": "region_code varchar, region_name varchar",
    "imd_default": "imd_vintage integer",
    "population_in_use": "lsoa_vintage integer, population_base varchar",
    "plus_group": (
        "plus_group varchar, plus_group_name varchar, lsoa_vintage integer, by_list boolean"
    ),
    "plus_rule": (
        "plus_group varchar, area_table varchar, area_column varchar, comparison varchar, "
        "threshold double, allowed_values varchar[]"
    ),
    "pocket_rule": (
        "surroundings varchar, core20_around_at_most_percent double, "
        "less_deprived_around_at_least_percent double"
    ),
    "indicator": (
        "indicator_id integer, indicator_slug varchar, name varchar, short_name varchar, "
        "name_status varchar, "
        "programme varchar, theme varchar, definition varchar, numerator_definition varchar, "
        "denominator_definition varchar, ci_method varchar, benchmark_method varchar, "
        "benchmark_reason varchar, rationale varchar, "
        "caveats varchar, combine_areas varchar, rounding integer, owner varchar, "
        "checked_by varchar, next_review date, "
        "revision_tolerance_percent double"
    ),
    "measure": (
        "indicator_slug varchar, measure varchar, measure_name varchar, "
        "measure_short_name varchar, measure_order integer, "
        "role varchar, unit varchar, denominator_definition varchar, value_type varchar, "
        "polarity varchar, age varchar, "
        "plausible_min double, plausible_max double, "
        "recent_trend_allowed boolean, alternative_to varchar, alternatives varchar[], "
        "is_headline boolean, missing_status varchar, missing_note varchar"
    ),
    "cancelled_period": (
        "indicator_slug varchar, measure varchar, period varchar, reason varchar, status varchar"
    ),
    "known_break": "indicator_slug varchar, period varchar, note varchar",
    "selection": (
        "indicator_slug varchar, measure varchar, role varchar, modelled boolean, "
        "binding_order integer, source varchar, series varchar, expected_name varchar, "
        "scale double, multiplier double, rounding integer, ci_method varchar, "
        "combine_sources varchar, "
        + ", ".join(f"where_{name} varchar[]" for name in _FILTERS)
        + ", "
        + ", ".join(f"set_{name} varchar" for name in _LABELS)
    ),
    "dataset": (
        "key varchar, source varchar, dataset varchar, publisher varchar, title varchar, "
        "vintage varchar, licence varchar, attribution varchar, cadence varchar, "
        "next_expected varchar, coverage varchar, staging varchar, is_one_file_a_series boolean"
    ),
    # How many authorities the nation has, by kind; empty where nobody has declared it.
    "authority_number": (
        "nation_area_type varchar, valid_from date, valid_until date, authorities integer"
    ),
}

# What staging did with each dataset part in this run; filled before the source status mart is made.
STAGED_PART_COLUMNS = (
    "key varchar, part varchar, vintage varchar, status varchar, rows_staged bigint, "
    "sha256 varchar, original_name varchar, origin varchar, size_bytes bigint, message varchar"
)

# What the previous release said; filled by `beacon.release.previous` before `marts.change` is made.
PREVIOUS_TABLES: dict[str, str] = {
    "previous_release": "release varchar, same_code boolean",
    "previous_row": (
        "mart varchar, indicator_slug varchar, measure varchar, area_code varchar, "
        "area_name varchar, period varchar, sex varchar, age varchar, category_type varchar, "
        "category varchar, value double, lower_95 double, upper_95 double, numerator double, "
        "denominator double, unit varchar, value_status varchar, limits_method varchar, "
        "source varchar, dataset varchar, series varchar, source_sha256 varchar, frame varchar"
    ),
    "changed_input": "source varchar",
}

# The index that Core20 is read on unless somebody asks for the older one.
DEFAULT_IMD_VINTAGE = 2025

# The one population that people are counted on, for each vintage of LSOAs. Another that is
# recognised is staged and not counted, so that no total mixes two of them.
POPULATION_IN_USE = {2011: "mid_2020", 2021: "census_2021"}


def load_registry_tables(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Fill the `registry` schema from the curated facts."""
    footprint = workspace.footprint
    groups_in_use = [group for group in workspace.plus_groups.values() if group.enabled]
    rows: dict[str, list[tuple[Any, ...]]] = {
        "footprint": [
            (
                footprint.id,
                footprint.name,
                footprint.fictional,
                footprint.nation.code,
                footprint.nation.name,
                footprint.icb.code,
                footprint.icb.name,
            )
        ],
        "place": [
            (place.code, place.name, place.short_name or place.name, order)
            for order, place in enumerate(footprint.places, start=1)
        ],
        "region": [(region.code, region.name) for region in footprint.regions],
        "imd_default": [(DEFAULT_IMD_VINTAGE,)],
        "population_in_use": list(POPULATION_IN_USE.items()),
        "plus_group": [
            (group.id, group.name, group.lsoa_vintage, group.supplied_list)
            for group in groups_in_use
        ],
        "plus_rule": [
            (
                group.id,
                group.rule.table,
                group.rule.column,
                group.rule.comparison,
                group.rule.threshold,
                list(group.rule.values),
            )
            for group in groups_in_use
            if group.rule is not None
        ],
        "pocket_rule": [
            (
                rule.surroundings,
                rule.core20_around_at_most_percent,
                rule.less_deprived_around_at_least_percent,
            )
            for rule in load_pocket_rules().rules
        ],
        "indicator": [_indicator_row(indicator) for indicator in workspace.indicators.values()],
        "measure": [
            row for indicator in workspace.indicators.values() for row in _measure_rows(indicator)
        ],
        "cancelled_period": [
            (
                indicator.slug,
                cancelled.measure,
                cancelled.period,
                cancelled.reason,
                cancelled.status,
            )
            for indicator in workspace.indicators.values()
            for cancelled in indicator.cancelled_periods
        ],
        "known_break": [
            (indicator.slug, known.period, known.note)
            for indicator in workspace.indicators.values()
            for known in indicator.known_breaks
        ],
        "selection": [
            row for indicator in workspace.indicators.values() for row in _selection_rows(indicator)
        ],
        "dataset": [
            (
                spec.key,
                spec.source.id,
                spec.dataset.id,
                spec.source.publisher,
                f"{spec.source.title}: {spec.dataset.title}",
                spec.dataset.vintage,
                spec.source.licence,
                spec.source.attribution,
                spec.source.cadence.every,
                str(spec.source.cadence.next_expected or "") or None,
                spec.dataset.coverage,
                spec.dataset.staging,
                spec.dataset.part_by is not None and spec.dataset.part_is_series,
            )
            for spec in workspace.register.datasets.values()
        ],
    }
    rows["authority_number"] = _authority_rows(workspace.authorities, footprint.nation.code)
    rows["target"] = target_rows(workspace.targets, footprint, workspace.judged_on)
    rows["aspiration"] = aspiration_rows(workspace.aspirations, footprint)
    rows["breakdown"] = breakdown_rows(workspace.indicators.values())
    rows |= area_rows(footprint, workspace.successions)
    for table, columns in {**_TABLES, **PLAN_TABLES, **AREA_TABLES}.items():
        con.execute(f"create or replace table registry.{table} ({columns})")
        insert_rows(con, f"registry.{table}", rows[table])


def load_staged_parts(con: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]]) -> None:
    """Fill `registry.staged_part` with how each dataset part stands."""
    con.execute(f"create or replace table registry.staged_part ({STAGED_PART_COLUMNS})")
    insert_rows(con, "registry.staged_part", rows)


def registry_ddl() -> list[str]:
    """Statements that make the empty `registry` tables."""
    tables = {
        **_TABLES,
        **PLAN_TABLES,
        **AREA_TABLES,
        "staged_part": STAGED_PART_COLUMNS,
        **PREVIOUS_TABLES,
    }
    return [f"create or replace table registry.{name} ({cols})" for name, cols in tables.items()]


def insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Insert rows in one statement; one statement a row costs a second per thousand."""
    if rows:
        # A list a column: with a parameter a value, planning takes four times as long.
        columns = [list(column) for column in zip(*rows, strict=True)]
        values = ", ".join("unnest(?)" for _ in columns)
        con.execute(f"insert into {table} select {values}", columns)


def _authority_rows(register: AuthorityRegister, nation: str) -> list[tuple[Any, ...]]:
    """How many authorities of each kind a nation has, from when and until when."""
    known = [item for item in register.nations if item.nation == nation]
    numbers = known[0].numbers if known else ()
    starts = [date.min, *(one.valid_from for one in numbers[1:])]
    ends = [*starts[1:], date.max]
    return [
        (kind, start, end, getattr(one, kind))
        for one, start, end in zip(numbers, starts, ends, strict=False)
        for kind in ("upper_tier", "lower_tier", "single_tier")
    ]


def _indicator_row(indicator: Indicator) -> tuple[Any, ...]:
    return (
        indicator.id,
        indicator.slug,
        indicator.name,
        indicator.short_name or indicator.name,
        indicator.name_status,
        indicator.programme,
        indicator.theme,
        indicator.definition,
        indicator.numerator,
        indicator.denominator,
        indicator.ci_method,
        indicator.benchmark_method,
        indicator.benchmark_reason,
        indicator.rationale,
        "\n".join(indicator.caveats) or None,
        indicator.combine_areas,
        indicator.rounding,
        indicator.owner,
        indicator.checked_by,
        indicator.next_review,
        indicator.revision_tolerance_percent,
    )


def _measure_rows(indicator: Indicator) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for order, measure in enumerate(indicator.measures, start=1):
        role = indicator.role_of(measure.id)
        status, note = _why_missing(indicator, measure.id)
        alternatives = [m.id for m in indicator.measures if m.alternative_to == measure.id]
        rows.append(
            (
                indicator.slug,
                measure.id,
                indicator.measure_name(measure.id),
                indicator.short_name_of(measure.id),
                order,
                role,
                indicator.unit_of(measure.id),
                indicator.denominator_of(measure.id),
                indicator.value_type_of(measure.id),
                indicator.polarity_of(measure.id),
                indicator.age_of(measure.id),
                indicator.plausible_of(measure.id).min,
                indicator.plausible_of(measure.id).max,
                indicator.recent_trend_of(measure.id),
                measure.alternative_to,
                alternatives,
                role == "measure" and measure.alternative_to is None,
                status,
                note,
            )
        )
    return rows


def _why_missing(indicator: Indicator, measure_id: str) -> tuple[str, str]:
    """What to say where a measure has no value at all."""
    if indicator.region_only:
        return "not_published", indicator.region_only_note or "Published for regions only."
    if indicator.no_open_source:
        return "not_supplied", indicator.no_open_source
    sources = [
        binding.publisher_id
        or ("a return of organisations" if binding.source == LOCAL_RETURN else binding.source)
        for binding in indicator.sources
        if binding.measure == measure_id
    ]
    if not sources:
        return "not_supplied", "No source is known for this measure."
    return "not_supplied", "No data supplied. It would come from: " + "; ".join(sources) + "."


def _selection_rows(indicator: Indicator) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for order, binding in enumerate(indicator.sources, start=1):
        for selection in binding.select:
            where = {
                name: [value or "" for value in selection.where[name]]
                if name in selection.where
                else None
                for name in _FILTERS
            }
            rows.append(
                (
                    indicator.slug,
                    binding.measure,
                    binding.role,
                    binding.modelled,
                    order,
                    binding.source,
                    selection.series,
                    selection.expected_name,
                    selection.scale or 1.0,
                    indicator.multiplier_of(binding.measure),
                    indicator.rounding,
                    indicator.ci_method,
                    indicator.combine_sources,
                    *(where[name] for name in _FILTERS),
                    *(selection.set.get(name) for name in _LABELS),
                )
            )
    return rows
