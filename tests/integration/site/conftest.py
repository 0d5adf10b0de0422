"""Sites of the fictional sample and of releases that try to break them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from beacon.core.settings import Home
from beacon.release.layout import latest_release
from beacon.site import build_site

MARKUP = "<script>alert('x')</script> & \"Co\" <b>'Place'"
LONG = "Proportion of people " + "who have a very long name for what is measured " * 6
assert len(LONG) > 300


class SmallRelease:
    """A copy of a release whose marts a test may rewrite."""

    def __init__(self, source: Path, target: Path) -> None:
        self.path = target
        target.mkdir(parents=True)
        for file in source.iterdir():
            if file.suffix in {".parquet", ".json"}:
                shutil.copyfile(file, target / file.name)

    def replace(self, mart: str, **columns: str) -> None:
        """Put SQL expressions in the place of columns."""
        changed = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
        self.rewrite(mart, f"select * replace ({changed}) from mart")

    def rewrite(self, mart: str, query: str) -> None:
        """Put the rows of a query, which reads `mart`, in the place of a mart's."""
        file = self.path / f"{mart}.parquet"
        new = file.with_suffix(".new")
        con = duckdb.connect()
        con.execute(f"create view mart as select * from read_parquet('{file}')")
        con.execute(f"copy ({query}) to '{new}' (format parquet)")
        con.close()
        new.replace(file)

    def rows(self, mart: str, where: str = "true") -> list[dict[str, Any]]:
        """Rows of a mart without outlines."""
        con = duckdb.connect()
        cursor = con.execute(
            f"select columns(lambda c: c != 'geometry') from read_parquet('{self.path}/{mart}.parquet') "
            f"where {where}"
        )
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def manifest(self, **changes: Any) -> None:
        """Change what the manifest says."""
        file = self.path / "manifest.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.fixture(scope="session")
def release_path(_published_sample: Path) -> Path:
    """The directory of the sample's release."""
    release = latest_release(Home(_published_sample))
    assert release is not None
    return release.path


@pytest.fixture(scope="session")
def sample_release(release_path: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallRelease:
    """The sample's release. Tests only read it."""
    return SmallRelease(release_path, tmp_path_factory.mktemp("release") / release_path.name)


@pytest.fixture(scope="session")
def sample_site(sample_release: SmallRelease, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the sample. Tests only read it."""
    site = tmp_path_factory.mktemp("site") / "site"
    build_site(sample_release.path, site)
    return site


@pytest.fixture
def own_release(release_path: Path, tmp_path: Path) -> SmallRelease:
    """A copy of the sample's release to change."""
    return SmallRelease(release_path, tmp_path / release_path.name)


@pytest.fixture(scope="session")
def hostile_site(
    release_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SmallRelease, Path]:
    """A site whose release has markup in names, a very long name, a Place with everything
    suppressed, and an indicator without a single row."""
    root = tmp_path_factory.mktemp("hostile")
    release = SmallRelease(release_path, root / release_path.name)
    codes = [row["place_code"] for row in release.rows("place", "true order by place_name")]
    quoted = MARKUP.replace("'", "''")
    named = f"if(place_code = '{codes[0]}', '{quoted}', place_name)"
    in_area = f"if(area_code = '{codes[0]}', '{quoted}', area_name)"
    gone = f"area_code = '{codes[1]}'"
    release.replace("place", place_name=named)
    release.replace("lsoa", place_name=named, ward24_name=f"'{quoted}'")
    release.replace("core20_ward", place_name=named, ward24_name=f"'{quoted}'")
    release.replace("core20_movement", lsoa21_name=f"'{quoted}'", ward24_name=f"'{quoted}'")
    release.replace("core20_pocket", lsoa_name=f"'{quoted}'", surroundings_name=f"'{quoted}'")
    suppressed = {
        name: f"if({gone}, null, {name})"
        for name in ("value", "lower_95", "upper_95", "lower_998", "upper_998")
    }
    for mart in ("beacon_indicator", "core20plus5_indicator"):
        release.replace(
            mart,
            area_name=in_area,
            value_status=f"if({gone}, 'suppressed', value_status)",
            value_note=f"if({gone}, '{quoted}', value_note)",
            compared_with_nation=f"if({gone}, 'not_compared', compared_with_nation)",
            **suppressed,
        )
    of_scorecard = {
        name: sql.replace("area_code", "place_code") for name, sql in suppressed.items()
    }
    release.replace(
        "scorecard",
        place_name=named,
        name=f"if(indicator_id = 18, '{LONG}', name)",
        measure_name=f"if(indicator_id = 18, '{LONG}', measure_name)",
        value_status=f"if(place_code = '{codes[1]}', 'suppressed', value_status)",
        compared_with_nation=f"if(place_code = '{codes[1]}', 'not_compared', compared_with_nation)",
        rank_among_places=f"if(place_code = '{codes[1]}', null, rank_among_places)",
        **{name: of_scorecard[name] for name in ("value", "lower_95", "upper_95")},
    )
    release.replace(
        "indicator",
        name=f"if(indicator_id = 18, '{LONG}', if(indicator_id = 19, '{quoted}', name))",
        measure_name=f"if(indicator_id = 18, '{LONG}', measure_name)",
        caveats=f"'{quoted}'",
    )
    for mart in ("beacon_indicator", "scorecard"):
        release.rewrite(mart, "select * from mart where indicator_slug != 'loneliness'")
    release.replace("source_status", title=f"'{quoted}'", attribution=f"'{quoted}'")
    site = root / "site"
    build_site(release.path, site)
    return release, site
