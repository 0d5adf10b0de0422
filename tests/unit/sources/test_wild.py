"""Small inputs that failed once, each with its right result: status, rows, fault and values.

The files are given (BEACON_TEST_WILD); `test_kinds.py` holds small files of our own of each kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl
import pytest

from beacon.ingest.check_files import FileReport, check_file, files_of, register_in_use
from beacon.sources.readers import read_rows
from tests.conftest import given_directory

pytestmark = pytest.mark.given


class Right(NamedTuple):
    """What is right for a case: of a fault the row, the column and a part of its words."""

    status: str
    rows: int | None = None
    row: int | None = None
    column: str | None = None
    words: str = ""
    values: Mapping[str, Any] = MappingProxyType({})


READ_18 = Right("read", 18)
SIX_AREAS = Right("read", 6)
CASES: dict[str, Right] = {
    "age_as_excel_date": Right("refused", None, 7, "Age", "Excel"),
    "age_with_en_dash": Right("read", 18, values={"age": "18-64 yrs"}),
    "cr_only_lines": READ_18,
    "csv_blank_first_line": READ_18,
    "csv_field_longer_than_131072": READ_18,
    "csv_sep_line": READ_18,
    "csv_source_line_below": READ_18,
    "csv_title_row_above_header": READ_18,
    "csv_unbalanced_quote_long": Right(
        "refused", None, 8, None, "opened in this row and not closed"
    ),
    "decimal_comma_taken_for_thousands": Right("refused", None, 8, "Value", "'15,2'"),
    "derived_table_blamed_on_publisher": Right("unrecognised", None, 1, None, "looks like File 2"),
    "els_period_from_29_february": Right("read", 24, values={"period_end": date(2025, 2, 28)}),
    "els_period_from_31_january_p1m": Right("read", 24),
    "els_status_c": Right("read", 24, values={"value_status": "suppressed"}),
    "excel_lock_file": Right("passed over"),
    "fingertips_26_headers_25_fields": Right("read", 19),
    "fingertips_index_column_names": Right("not_read", words="fingertipsR"),
    "geojson_27700_declared": Right("refused", words="EPSG:27700"),
    "geojson_27700_undeclared": Right("refused", None, 1, "geometry", "no degrees"),
    "geojson_3857": Right("refused", words="EPSG:3857"),
    "geojson_empty_polygon": Right("refused", None, 4, "geometry", "is empty"),
    "geojson_geometry_before_properties": Right("read", 4),
    "geojson_latitude_first": Right("refused", None, 1, "geometry", "changed places"),
    "geojson_lower_case_names": SIX_AREAS,
    "geojson_nested_property": SIX_AREAS,
    "geojson_null_geometry_unnamed": Right("refused", None, 4, "geometry", "is missing"),
    "geojson_objectid_lower_first": SIX_AREAS,
    "geojson_points_for_areas": Right("refused", None, 1, "geometry", "is a Point"),
    "geojson_property_order": SIX_AREAS,
    "geojson_self_crossing": Right("refused", None, 4, "geometry", "crosses itself"),
    "geojson_type_after_features": SIX_AREAS,
    "gpkg_attribute_table_first": SIX_AREAS,
    "gpkg_empty_polygon": Right("refused", None, 3, "geometry", "is empty"),
    "gpkg_layers_after_another": SIX_AREAS,
    "imd_header_row_18": Right("read", 20),
    "implausible_value_published": Right("refused", None, 10, "Value", "is above 110"),
    "kml_called_web_page": Right("unrecognised", words="is KML"),
    "lower_case_area_codes": Right("read", 18),
    "marker_na": Right("read", 18, values={"value_status": "not_published", "value": None}),
    # The status of Fingertips comes from its notes; the marker must not be a number or a fault.
    "marker_upper_case": Right("read", 18, values={"value_status": "suppressed", "value": None}),
    "newline_in_header": READ_18,
    "nomis_footer_below_table": Right("read", 360),
    "notes_below_imd_table": Right("read", 20),
    "number_with_revised_flag": Right("read", 18, values={"value": 15.2, "value_note": "Revised"}),
    "period_four_digit_second_year": Right("read", 18, values={"period": "2018/19"}),
    "period_with_en_dash": Right("read", 18, values={"period": "2018-20"}),
    "profile_with_quarterly_indicator": Right("read", 18, 22, "Indicator ID", "'99901'"),
    "profile_with_text_value_elsewhere": Right("read", 18, 22, "Indicator ID", "'99902'"),
    "qof_browser_copy_name": Right("read", 20, values={"period": "2024/25"}),
    "qof_year_from_other_digits": Right("read", 20, values={"period": "2024/25"}),
    "row_numbers_after_blank_lines": Right("refused", None, 16, "Value", "'abc'"),
    "shapefile_zip": Right("unrecognised", words="is a zipped shapefile"),
    "utf16_from_excel": READ_18,
    "windows_1252": Right("read", 18, 7, "Area Name", "Windows-1252"),
    "workbook_draft_sheet_first": Right("refused", words="'Draft - do not use' and 'IMD2019'"),
    "workbook_hidden_copy_first": Right(
        "read", 20, values={"lsoa_code": "Z01000000", "imd_rank": 1}
    ),
    "xlsb_named_not_excel": Right(
        "refused", words="Excel binary workbook (.xlsb); save it as .xlsx"
    ),
    "year_kind_from_first_row": Right(
        "read", 6, values={"series": "93014", "period_start": date(2022, 11, 16)}
    ),
    "year_kind_from_first_row_reversed": Right(
        "read", 6, values={"series": "92443", "period_start": date(2022, 4, 1)}
    ),
    "zip_with_one_csv": Right("unrecognised", words="holds FICTIONAL_92443_smoking.csv; unpack it"),
}
# Told by a run over a folder: tests/integration/ingest/test_copies.py and test_optional_inputs.py.
ELSEWHERE = {"missing_ward_lookup_stops_release", "newer_download_ignored"}


@pytest.fixture(scope="module")
def wild() -> Path:
    return given_directory("BEACON_TEST_WILD", "wild")


def test_every_case_has_its_right_result(wild: Path) -> None:
    found = {path.name for path in wild.iterdir() if path.is_dir()}
    assert found == CASES.keys() | ELSEWHERE


@pytest.mark.parametrize("name", sorted(CASES))
def test_case(wild: Path, name: str) -> None:
    right = CASES[name]
    files = [(label, path) for label, path in files_of([wild / name]) if path.suffix != ".md"]
    if right.status == "passed over":
        assert not files
        return
    ((label, path),) = files
    report = check_file(label, path, allow_fictional=True)
    assert (report.status, report.rows) == (right.status, right.rows), report.problems
    if right.words:
        assert _told(report, right), report.problems
    if right.values:
        rows = _rows(report, path)
        wanted = [pl.col(key).eq_missing(pl.lit(value)) for key, value in right.values.items()]
        assert rows.filter(pl.all_horizontal(wanted)).height >= 1, rows


def _told(report: FileReport, right: Right) -> bool:
    return any(
        right.words in f"{problem.message} {problem.remedy}"
        and right.row in (None, problem.row)
        and right.column in (None, problem.column)
        for problem in report.problems
    )


def _rows(report: FileReport, path: Path) -> pl.DataFrame:
    spec = register_in_use().datasets[report.dataset or ""]
    container = report.recognition.container
    assert container is not None
    return read_rows(path, container, spec, fictional=True).rows.collect()


def test_codes_in_small_letters_are_the_same_codes(wild: Path) -> None:
    path = next((wild / "lower_case_area_codes").glob("*.csv"))
    rows = _rows(check_file(path.name, path, allow_fictional=True), path)
    assert rows["area_code"].str.contains(r"^Z\d{8}$").all()
