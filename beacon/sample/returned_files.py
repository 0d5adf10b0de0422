"""Returns that the fictional organisations filled in, one CSV an organisation and indicator.

Belongs here: what they counted, and the two returns that went wrong: one that never came, and one
that is refused. Does not belong here: the forms, which are the registry's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beacon.registry import Indicator, load_indicators
from beacon.sample import names
from beacon.sample.formats import opened
from beacon.sample.outcomes import Area
from beacon.sample.percentages import Latest, Shape, invent
from beacon.sample.world import World

Row = dict[str, Any]
Cells = Callable[[int, float], list[Row]]
"""The indicator's own fields, one dictionary a row, from a base of people and a percentage."""

YEAR = ("2024-04-01", "2025-03-31")
SUBMITTED = "2025-06-30"
TRUST = ("ZZT01", "Brackenmouth (fictional) Hospitals Trust")
TRUST_PLACE = 0
LATE_PLACE = 3
"""The Place whose council has not returned what it spent with local suppliers."""
REFUSED_PLACE = 8
"""The Place whose council's return of local employees is refused: more are local than there are."""
SHARES_OF_STAFF = (0.25, 0.25, 0.20, 0.15, 0.10, 0.05)
"""Staff on the six levels of the common ladder, the most senior last."""


@dataclass(frozen=True)
class Form:
    """Who returns one indicator, and what they count.

    Attributes:
        slug: The indicator.
        shape: The percentage, by deprivation.
        base: People (or pounds) counted, as a multiple of residents.
        rows: Fills the form's own fields.
        by_board: Whether the board returns for all Places, or each council for its own.
        with_trust: Whether the fictional trust is expected to return too.
    """

    slug: str
    shape: Shape
    base: float
    rows: Cells
    by_board: bool = False
    with_trust: bool = False


def _counts(above: str, below: str, **more: int) -> Cells:
    """A form of two counts."""

    def rows(base: int, percent: float) -> list[Row]:
        return [{below: base, above: round(base * percent / 100), **more}]

    return rows


def _kinds_of_contract(base: int, percent: float) -> list[Row]:
    permanent = round(base * percent / 100)
    rest = base - permanent
    zero_hours, agency = round(rest * 0.2), round(rest * 0.15)
    return [{"n_employees": base, "n_permanent": permanent, "n_zero_hours": zero_hours,
             "n_agency": agency, "n_other": 0,
             "n_fixed_term": rest - zero_hours - agency}]  # fmt: skip


def _contracts(base: int, percent: float) -> list[Row]:
    """Two contracts, in halves of a full-time equivalent."""
    rows = []
    for number, share in ((1, 0.7), (2, 0.3)):
        total = round(base * share * 2) / 2
        rows.append({"contract_id": f"F{number}", "contract_value_band": "1 to 5 million",
                     "contract_duration_months": 12 * number, "total_fte": total,
                     "local_fte": round(total * percent / 100 * 2) / 2,
                     "residence_postcode_basis": "Home address at the start"})  # fmt: skip
    return rows


def _staff(base: int, percent: float) -> list[Row]:
    """Six levels: the more senior, the smaller the share of ethnic minority staff."""
    rows = []
    for level, share in enumerate(SHARES_OF_STAFF, start=1):
        total = round(base * share)
        unknown = round(total * 0.04)
        minority = round((total - unknown) * percent / 100 * (1.2 - 0.13 * (level - 1)))
        rows.append({"pay_framework": "NJC", "band_label": f"Level {level} (fictional)",
                     "common_level": level, "clinical_flag": "no", "n_total": total,
                     "n_ethnic_minority": minority, "n_white": total - unknown - minority,
                     "n_not_declared": unknown, "n_declared": total - unknown})  # fmt: skip
    return rows


def _spending(base: int, percent: float) -> list[Row]:
    return [{"spend_total_ex_vat": base, "spend_local_ex_vat": round(base * percent / 100),
             "supplier_postcode_basis": "site", "national_frameworks_excluded": "yes"}]  # fmt: skip


FORMS = (
    Form("neet_18_24", Shape(13.0, 1.6, 0.8), 0.075,
         _counts("n_neet", "n_activity_known", n_activity_not_known=120)),
    Form("permanent_nonpermanent", Shape(86.0, -1.0, 1.0), 0.014, _kinds_of_contract),
    Form("local_employees_fte", Shape(58.0, -3.0, 4.0), 0.003, _contracts, with_trust=True),
    Form("absolute_poverty_ahc", Shape(17.0, 3.5, 1.0), 0.98,
         _counts("n_in_absolute_poverty", "n_in_private_households", n_households_asked=2400)),
    Form("ethnic_minority_by_band", Shape(11.0, 0.5, 2.0), 0.02, _staff),
    Form("local_supply_chain_spend", Shape(42.0, -2.0, 5.0), 900.0, _spending, with_trust=True),
    Form("maternity_continuity_of_carer", Shape(34.0, -2.0, 3.0), 0.0105,
         _counts("n_continuity_of_carer", "n_women_booked"), by_board=True),
    Form("smi_annual_health_checks", Shape(61.0, -2.0, 2.0), 0.0095,
         _counts("n_all_six_checks", "n_on_smi_register"), by_board=True),
    Form("copd_vaccination_uptake", Shape(54.0, -2.5, 2.0), 0.021,
         _counts("n_all_three_vaccines", "n_on_copd_register"), by_board=True),
    Form("reliever_inhaler_overuse", Shape(14.0, 1.5, 1.0), 0.016,
         _counts("n_six_or_more_relievers", "n_cyp_with_asthma"), by_board=True),
    Form("diabetes_technology_use", Shape(78.0, -3.0, 2.0), 0.0012,
         _counts("n_using_technology", "n_cyp_type_1"), by_board=True),
    Form("type2_diabetes_health_checks", Shape(52.0, -3.0, 2.0), 0.0006,
         _counts("n_all_checks", "n_cyp_type_2"), by_board=True),
    Form("epilepsy_specialist_nurse", Shape(72.0, -2.0, 2.0), 0.0007,
         _counts("n_specialist_nurse", "n_cyp_first_year"), by_board=True),
    Form("tooth_extraction_backlog_under_10", Shape(0.42, 0.08, 0.02), 0.11,
         _counts("n_waiting", "n_residents_under_10"), by_board=True),
    Form("cyp_mental_health_access", Shape(9.5, -0.4, 0.4), 0.21,
         _counts("n_with_contact", "n_residents_under_18"), by_board=True),
)  # fmt: skip


def write_returns(directory: Path, world: World, areas: list[Area]) -> dict[str, Latest]:
    """Write the returns.

    Returns:
        The figure of each Place that follows from them by indicator, None where no return of it
        can be used. Of the two kinds of contract it is the share of permanent ones.
    """
    indicators = load_indicators()
    places = sorted((area for area in areas if area.place >= 0), key=lambda area: area.place)
    latest: dict[str, Latest] = {}
    for form in FORMS:
        indicator = indicators[form.slug]
        percent = invent(world, areas, f"return {form.slug}", form.shape, 1)
        by_sender: dict[tuple[str, str], list[Row]] = {}
        counted: dict[str, list[Row]] = {area.code: [] for area in places}
        for area in places:
            for sender, share in _senders(form, area):
                rows = form.rows(round(area.people * form.base * share), percent[area.code][0])
                if form.slug == "local_employees_fte" and area.place == REFUSED_PLACE:
                    rows[0]["local_fte"] = rows[0]["total_fte"] + 20
                elif form.slug == "local_supply_chain_spend" and area.place == LATE_PLACE:
                    continue
                else:
                    counted[area.code] += rows
                by_sender.setdefault(sender, []).extend({"place_code": area.code} | r for r in rows)
        for (code, name), rows in by_sender.items():
            _write(directory, indicator, code, name, rows)
        latest[form.slug] = _figures(indicator, counted)
    return latest


def _senders(form: Form, area: Area) -> Iterator[tuple[tuple[str, str], float]]:
    """Who returns for a Place, and how large each is beside its council."""
    if form.by_board:
        yield (names.FOOTPRINT_ODS, "The board (fictional)"), 1.0
        return
    yield (area.code, f"{area.name} Council (fictional)"), 1.0
    if form.with_trust and area.place == TRUST_PLACE:
        yield TRUST, 1.6


def _write(directory: Path, indicator: Indicator, code: str, name: str, rows: list[Row]) -> None:
    form = indicator.local_return
    if form is None:
        raise ValueError(f"{indicator.slug} asks for no return")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in form.all_fields], restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                "return_id": f"FICTIONAL-{indicator.id}-{code}",
                "indicator_id": indicator.id,
                "organisation_code": code,
                "organisation_name": name,
                "period_start": YEAR[0],
                "period_end": YEAR[1],
                "numerator": row[form.numerator_field],
                "denominator": row[form.denominator_field],
                "unit": indicator.unit,
                "definition_version": "2025 (fictional)",
                "local_area_definition": "The nine Places (fictional)",
                "scope_and_exclusions": "Everybody (fictional)",
                "data_quality_flag": "good",
                "missing_pct": 0,
                "suppression_applied": "no",
                "submitted_by_role": "Head of performance (fictional)",
                "approved_by_role": "Director (fictional)",
                "submitted_at": SUBMITTED,
                **row,
            }
        )
    with opened(directory / f"FICTIONAL_return_{indicator.id:03d}_{code}.csv") as out:
        out.write(text.getvalue().encode())


def _figures(indicator: Indicator, counted: dict[str, list[Row]]) -> Latest:
    """What the counts of each Place come to, to the last digit."""
    form = indicator.local_return
    if form is None:
        raise ValueError(f"{indicator.slug} asks for no return")
    found: Latest = {}
    for code, rows in counted.items():
        top = sum(row[form.numerator_field] for row in rows)
        bottom = sum(row[form.denominator_field] for row in rows)
        if not rows:
            found[code] = None
        elif indicator.value_type == "count":
            found[code] = float(top)
        else:
            found[code] = float(indicator.multiplier or 1) * top / bottom
    return found
