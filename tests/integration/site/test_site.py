"""The site of the fictional sample, page by page."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from beacon.site import build_site
from beacon.site.read_release import SiteError, read_release
from beacon.site.words import ABSENCES, JUDGEMENTS
from tests.fixtures.dom import Node, parse

_HEADINGS = ("h1", "h2", "h3", "h4")


def pages_of(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


@pytest.fixture(scope="module")
def pages(sample_site: Path) -> dict[str, Node]:
    return {page.relative_to(sample_site).as_posix(): parse(page) for page in pages_of(sample_site)}


def number_in(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-").replace(",", "").rstrip("%"))


def assert_rounds_to(shown: Node, value: float) -> None:
    """A shown figure carries the mart's value in full and as text rounded from it."""
    assert float(shown.attributes["value"]) == value
    decimals = len(shown.text.rstrip("%").partition(".")[2])
    assert number_in(shown.text) == pytest.approx(value, abs=0.5 * 10**-decimals + 1e-9)


def test_every_kind_of_page_is_there(pages):
    for name in (
        "index", "rug", "core20plus5", "inequality", "targets", "aspirations", "changes", "quality", "methods", "unknown", "signatures",
        "places/index", "indicators/index",
    ):  # fmt: skip
        assert f"{name}.html" in pages
    assert len([name for name in pages if name.endswith("-briefing.html")]) == 9
    assert len([name for name in pages if name.startswith("places/")]) == 19
    assert len([name for name in pages if name.startswith("indicators/")]) == 49


def test_every_page_has_language_title_landmarks_and_one_main_heading(pages):
    titles = {}
    for name, page in pages.items():
        html = page.one("html")
        assert html.attributes["lang"] == "en-GB", name
        titles[name] = html.one("head").one("title").text
        assert len(html.all("h1")) == 1, name
        assert html.one("main").attributes["id"] == "content"
        assert len(html.all("header", "masthead")) == len(html.all("footer")) == 1
        assert html.all("nav", aria_label="Main")
        first_link = next(node for node in html.one("body").walk() if node.name == "a")
        assert first_link.attributes["href"] == "#content", name
    assert len(set(titles.values())) == len(titles)


def test_headings_never_skip_a_level(pages):
    for name, page in pages.items():
        levels = [int(node.name[1]) for node in page.walk() if node.name in _HEADINGS]
        assert levels[0] == 1, name
        for before, after in pairwise(levels):
            assert after <= before + 1, (name, levels)


def test_every_table_has_a_caption_and_headings_with_a_scope(pages):
    for name, page in pages.items():
        for table in page.all("table"):
            assert table.one("caption").text, name
            headings = table.all("th")
            assert all(node.attributes.get("scope") for node in headings), name
            width = sum(int(n.attributes.get("colspan", "1")) for n in table.one("thead").all("th"))
            for row in [row for body in table.all("tbody") for row in body.all("tr")]:
                cells = [c for c in row.children if isinstance(c, Node)]
                spanned = sum(int(cell.attributes.get("colspan", "1")) for cell in cells)
                assert spanned == width, (name, row.text[:80])


def test_every_drawing_is_named_or_repeats_a_table(pages):
    for name, page in pages.items():
        for drawing in page.all("svg"):
            hidden = drawing.attributes.get("aria-hidden") == "true"
            named = drawing.attributes.get("role") == "img" and drawing.attributes.get("aria-label")
            assert hidden != bool(named), name
            for node in drawing.walk():
                numbers = node.attributes.get("d", "") + node.attributes.get("x", "")
                assert "nan" not in numbers.lower(), name


def test_identifiers_are_unique_and_every_reference_to_one_resolves(pages):
    for name, page in pages.items():
        ids = [node.attributes["id"] for node in page.walk() if "id" in node.attributes]
        assert len(ids) == len(set(ids)), name
        for node in page.walk():
            for attribute in ("aria-labelledby", "aria-describedby", "for"):
                if attribute in node.attributes:
                    assert node.attributes[attribute] in ids, (name, node.attributes)


def test_every_link_resolves_within_the_site(sample_site, pages):
    ids = {
        name: {node.attributes.get("id") for node in page.walk()} for name, page in pages.items()
    }
    for name, page in pages.items():
        for node in page.walk():
            address = node.attributes.get("href") or node.attributes.get("src")
            if address is None:
                continue
            assert not re.match(r"[a-z]+:|//|/", address), (name, address)
            path, _, fragment = unquote(address).partition("#")
            target = (sample_site / name).parent / path if path else sample_site / name
            assert target.resolve().is_relative_to(sample_site.resolve()), (name, address)
            assert target.is_file(), (name, address)
            if fragment and not fragment.startswith("view="):
                known = ids[target.resolve().relative_to(sample_site.resolve()).as_posix()]
                assert fragment in known, (name, address)


def test_nothing_is_inline_but_what_the_policy_names_by_its_hash(pages):
    for name, page in pages.items():
        policy = page.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        scripts = [s for s in page.all("script") if s.attributes.get("type") != "application/json"]
        inline = [node for node in [*page.all("style"), *scripts] if "src" not in node.attributes]
        assert bool(inline) == (name == "explorer.html")
        for node in inline:
            code = "".join(str(child) for child in node.children).encode()
            assert base64.b64encode(hashlib.sha256(code).digest()).decode() in policy, name
        for node in page.walk():
            assert "style" not in node.attributes, (name, node.name)
            assert not [key for key in node.attributes if key.startswith("on")], (name, node.name)


def test_no_file_of_the_site_names_another_host(sample_site):
    for file in sample_site.rglob("*"):
        if file.suffix in {".html", ".css", ".js", ".svg"}:
            text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?:|@import|url\(", text), file.name


def test_every_page_of_a_fictional_release_says_so(pages):
    for name, page in pages.items():
        assert "Do not use it for any decision" in page.one("div", "fictional").text, name


def test_the_mark_of_the_fictional_is_not_repeated_after_names(pages):
    for name, page in pages.items():
        assert "(fictional)" not in page.one("html").text, name


def test_a_release_that_is_not_fictional_has_no_banner(own_release, tmp_path):
    own_release.manifest(fictional=False, notice=None)
    own_release.replace("place", fictional="false")
    build_site(own_release.path, tmp_path / "site")
    for page in pages_of(tmp_path / "site"):
        assert not parse(page).all("div", "fictional")


# Numbers


def test_the_rug_shows_the_scorecard(sample_release, pages):
    places = [a.text for a in pages["rug.html"].one("table", id="beacons").one("thead").all("a")]
    shown = {}
    for row in pages["rug.html"].one("table", id="beacons").all("tr"):
        for place, cell in zip(places, row.all("td", "cell"), strict=False):
            if "span" not in cell.classes:
                shown[row.attributes["data-name"], place] = cell
    expected = [
        r for r in sample_release.rows("scorecard", "programme = 'marmot_beacon'")
        if r["value"] is not None
    ]  # fmt: skip
    assert len(expected) > 80
    for row in expected:
        (named,) = sample_release.rows(
            "indicator",
            f"indicator_slug = '{row['indicator_slug']}' and measure = '{row['measure']}'",
        )
        name = named["measure_short_name"]
        name += "" if row["sex"] == "Persons" else f", {row['sex'].lower()}"
        cell = shown[name, row["place_name"]]
        assert_rounds_to(cell.one("data"), row["value"])
        words = {state.key: state.word for state in JUDGEMENTS}
        assert cell.one("span", "verdict").text == words[row["compared_with_nation"]]


def test_every_place_page_shows_its_scorecard(sample_release, pages):
    for place in sample_release.rows("place"):
        page = pages[f"places/{place['place_name'].lower().replace(' ', '-')}.html"]
        expected = sorted(
            (r["indicator_slug"], r["value"], str(r["rank_among_places"] or ""))
            for r in sample_release.rows("scorecard", f"place_code = '{place['place_code']}'")
            if r["value"] is not None
        )
        rows = [
            r
            for t in page.all("table", "spine")
            for r in t.all("tr")
            if "data-indicator" in r.attributes
        ]
        shown = []
        for row in rows:
            figure = row.one("data")
            assert_rounds_to(figure, float(figure.attributes["value"]))
            rank = row.all("td", "num")[-1].text.split(" of ")[0]
            shown.append(
                (row.attributes["data-indicator"], float(figure.attributes["value"]), rank)
            )
        assert sorted(shown) == expected
        assert len(shown) > 10
        big = page.one("ul", "numbers").one("data")
        assert_rounds_to(big, place["core20_share_percent"])


def test_indicator_pages_show_the_latest_rows_of_the_mart(sample_release, pages):
    checked = 0
    for slug in ("life_expectancy", "gld_reception", "self_harm_15_19", "fuel_poverty",
                 "temporary_accommodation", "activity_levels", "loneliness"):  # fmt: skip
        page = pages[f"indicators/{slug.replace('_', '-')}.html"]
        rows = sample_release.rows(
            "beacon_indicator", f"indicator_slug = '{slug}' and category = 'All'"
        )
        series = {(r["measure"], r["sex"], r["age"]) for r in rows if r["value"] is not None}
        expected = []
        for measure, sex, age in series:
            own = [r for r in rows if (r["measure"], r["sex"], r["age"]) == (measure, sex, age)]
            latest = max(r["period_end"] for r in own if r["value"] is not None)
            expected += [
                r["value"] for r in own if r["period_end"] == latest and r["value"] is not None
            ]
        figures = [node for table in page.all("table", "bars") for node in table.all("data")]
        assert sorted(float(n.attributes["value"]) for n in figures) == sorted(expected), slug
        for figure in figures:
            assert_rounds_to(figure, float(figure.attributes["value"]))
        checked += len(expected)
    assert checked > 100


def test_the_table_of_periods_holds_the_whole_series(sample_release, pages):
    page = pages["indicators/life-expectancy.html"]
    table = next(t for t in page.all("table", "dense") if "by period" in t.one("caption").text)
    shown = sorted(float(node.attributes["value"]) for node in table.all("data"))
    expected = sorted(
        row["value"]
        for row in sample_release.rows(
            "beacon_indicator",
            "indicator_slug = 'life_expectancy' and sex = 'Female' and value is not null",
        )
    )
    assert shown == expected


def test_core20_shares_are_those_of_the_cohort_mart(sample_release, pages):
    shown = sorted(
        float(node.attributes["value"])
        for table in pages["core20plus5.html"].all("table", "bars")
        for node in table.all("data")
    )
    expected = sorted(
        row["share_percent"]
        for row in sample_release.rows(
            "core20_cohort", "core20 and sex = 'Persons' and age_band = 'All ages'"
        )
    )
    assert shown == expected
    assert len(shown) == 22


def test_a_download_is_exactly_the_rows_of_the_mart(sample_release, sample_site):
    with (sample_site / "data" / "self-harm-15-19.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    rows = sample_release.rows("beacon_indicator", "indicator_slug = 'self_harm_15_19'")
    assert len(read) == len(rows)
    for shown, row in zip(read, rows, strict=True):
        assert list(shown) == list(row)
        assert shown["value"] == ("" if row["value"] is None else str(row["value"]))
        assert shown["value_status"] == row["value_status"]


def test_states_without_a_value_read_differently(pages):
    rug = pages["rug.html"].one("table", id="beacons")
    absent = {cell.one("span", "verdict").text for cell in rug.all("td", "absent")}
    assert {"Suppressed", "Not published", "Not supplied"} <= absent
    assert absent <= {state.word for state in ABSENCES}
    for cell in rug.all("td", "absent"):
        assert not cell.all("data")


def test_proxies_models_and_unconfirmed_names_are_labelled(pages):
    neet = pages["indicators/neet-18-24.html"]
    assert "Proxy" in {badge.text for badge in neet.all("span", "badge")}
    assert any("name of this indicator is unconfirmed" in p.text for p in neet.all("p", "callout"))
    badges = {badge.text for badge in pages["rug.html"].all("span", "badge")}
    assert {"Modelled", "Name unconfirmed"} <= badges


def test_targets_are_listed_with_what_is_fictional_said(sample_release, pages):
    page = pages["targets.html"]
    text = page.one("html").text
    assert len(page.all("table", "targets")) > 10
    assert "arithmetic on invented figures" in text
    assert "Plans disagree" in text
    rows = sample_release.rows("target", "target_id = 'smoking_cheshire_merseyside'")
    known = [row for row in rows if row["value"] is not None]
    section = page.one("h4", id="smoking_cheshire_merseyside-areas").text
    assert section == "Adults who smoke: how areas stand"
    for row in known:
        assert row["area_name"].replace(" (fictional)", "") in text
    # The figures of the whole lead, and the subjects are folded.
    lead = page.all("table")[0]
    assert {a.attributes["href"] for a in lead.all("a")} == {
        f"#{r['target_id']}-areas"
        for r in sample_release.rows("target", "value is not null and still_to_go is not null")
    }
    assert len(page.all("details", "group")) > 10


def test_a_place_is_held_against_the_targets(sample_release, pages):
    text = pages["places/dunmarrow.html"].one("html").text
    (row,) = sample_release.rows(
        "target", "target_id = 'smoking_cheshire_merseyside' and area_name = 'Dunmarrow'"
    )
    assert f"{row['value']:.1f}%" in text
    assert "Still to go" in text
    assert "the figures are invented" in text
    heads = [head.text for head in pages["places/dunmarrow.html"].all("th")]
    (line,) = (
        cells.parent
        for cells in pages["places/dunmarrow.html"].all("th")
        if cells.text == row["name"]
    )
    assert line is not None
    cells = [cell.text for cell in line.all("td")]
    for title in ("Still to go", "Change needed a year", "Present change a year"):
        # Each row has a unit of its own; the name of the target is a heading, not a cell.
        cell = cells[heads.index(title) - heads.index("Target") - 1]
        assert "percentage points" in cell or cell in ("reached", "\N{EN DASH}"), title


def test_differences_of_percentages_are_called_percentage_points(sample_release, pages):
    page = pages["targets.html"]
    table = page.one("caption", id="smoking_cheshire_merseyside-caption").parent
    assert table is not None
    for title in ("Still to go", "Change needed a year", "Present change a year"):
        (head,) = (th for th in table.all("th") if th.text.startswith(title))
        assert head.one("span", "sub").text == "percentage points"
    to_go = [row.all("td")[2].text for row in table.one("tbody").all("tr")]
    assert to_go
    assert not any("%" in text for text in to_go)


def test_a_projection_has_its_central_value(sample_release, pages):
    rows = sample_release.rows("target", "projected_value is not null")
    assert rows
    text = pages["targets.html"].one("main").text
    for row in rows:
        central, low, high = (
            f"{row[name]:.1f}".replace("-", "\N{MINUS SIGN}")
            for name in ("projected_value", "projected_lower_95", "projected_upper_95")
        )
        suffix = "%" if row["unit"].startswith("percent") else ""
        assert f"{central}{suffix} ({low}{suffix} to {high}{suffix})" in text


def test_another_boards_release_has_no_page_of_plans(own_release, tmp_path):
    for mart in ("target", "aspiration"):
        own_release.rewrite(mart, "select * from mart where false")
    build_site(own_release.path, tmp_path / "site")
    assert not (tmp_path / "site" / "targets.html").exists()
    assert not (tmp_path / "site" / "aspirations.html").exists()
    for page in pages_of(tmp_path / "site"):
        shown = parse(page)
        assert "Cheshire and Merseyside" not in shown.one("main").text, page
        assert not [a for a in shown.all("a") if "targets.html" in a.attributes.get("href", "")]


def test_bad_news_is_never_under_strengths(pages):
    for name, page in pages.items():
        for heading in page.all("h2", id="strengths"):
            assert heading.parent is not None
            assert "worst" not in heading.parent.text, name


def test_a_first_release_says_that_it_is_the_first(own_release, tmp_path):
    own_release.rewrite("change", "select * from mart where false")
    for previous, said in (
        (None, "This is the first release"),
        ("v2026.11.01-1", "Nothing that is compared differs from v2026.11.01-1"),
    ):
        build_site(own_release.path, tmp_path / "site", run_record={"previous": previous})
        for name in ("changes", "index"):
            assert said in parse(tmp_path / "site" / f"{name}.html").one("main").text


def test_a_map_darkens_towards_worse(own_release, tmp_path):
    own_release.replace("beacon_indicator", compared_with_nation="'not_compared'")
    build_site(own_release.path, tmp_path / "site")
    for page, worst in (("fuel-poverty", "highest"), ("life-expectancy", "lowest")):
        captions = parse(tmp_path / "site" / "indicators" / f"{page}.html").all("figcaption")
        key = next(caption for caption in captions if "four classes" in caption.text)
        classes = {
            item.one("span", "swatch").attributes["class"].split()[-1]: number_in(
                item.text.split(" to ")[0]
            )
            for item in key.one("ul", "legend").all("li")
            if "class" in item.one("span", "swatch").attributes["class"].split()[-1]
        }
        darkest = classes[max(classes)]
        assert darkest == (max if worst == "highest" else min)(classes.values())
        assert "stronger the colour, the worse" in key.text


def test_every_aspiration_is_on_its_page(sample_release, pages):
    page = pages["aspirations.html"]
    text = page.one("html").text
    rows = sample_release.rows("aspiration")
    assert len({row["aspiration_id"] for row in rows}) > 250
    for row in rows:
        assert row["wording"] in text
    assert "Not measured. Needed" in text
    assert "related; no proof" in text


def test_the_least_breakdown_is_a_state_for_each_clinical_measure(sample_release, pages):
    text = pages["core20plus5.html"].one("html").text
    assert "section 13SA" in text
    states = {
        row["status"] for row in sample_release.rows("minimum_breakdown", "indicator_id > 200")
    }
    assert states == {"published_not_taken", "one_group", "none_known"}
    for words in ("Published, not taken", "One group by definition", "None known"):
        assert words in text


# Building


def digest_of(site: Path) -> dict[str, str]:
    return {
        file.relative_to(site).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in site.rglob("*")
        if file.is_file()
    }


def test_the_same_release_gives_the_same_bytes(sample_release, sample_site, tmp_path):
    report = build_site(sample_release.path, tmp_path / "again")
    assert digest_of(tmp_path / "again") == digest_of(sample_site)
    assert report.pages == len(pages_of(sample_site))
    assert report.size_bytes == sum(f.stat().st_size for f in sample_site.rglob("*") if f.is_file())


def test_a_site_is_replaced_and_anything_else_left_alone(sample_release, sample_site, tmp_path):
    out = tmp_path / "site"
    build_site(sample_release.path, out)
    (out / "left-over.html").write_text("old")
    build_site(sample_release.path, out)
    assert digest_of(out) == digest_of(sample_site)
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("years of work")
    with pytest.raises(SiteError, match="not a Beacon site"):
        build_site(sample_release.path, other)
    assert (other / "chapter.txt").read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_not_a_release_is_refused(own_release, tmp_path):
    with pytest.raises(SiteError, match="is not a release"):
        build_site(tmp_path / "nowhere", tmp_path / "site")
    (own_release.path / "scorecard.parquet").unlink()
    with pytest.raises(SiteError, match="lacks scorecard"):
        build_site(own_release.path, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_manifest_may_be_given_before_it_is_written(own_release, tmp_path):
    manifest = json.loads((own_release.path / "manifest.json").read_text())
    (own_release.path / "manifest.json").unlink()
    (own_release.path / "run.json").unlink(missing_ok=True)
    report = build_site(own_release.path, tmp_path / "site", manifest=manifest)
    assert report.release == manifest["release"]


def test_marts_that_a_release_lacks_are_said_to_be_absent(own_release, tmp_path):
    for mart in ("inequality", "change", "lsoa", "core20_cohort", "core20plus5_indicator",
                 "source_status"):  # fmt: skip
        (own_release.path / f"{mart}.parquet").unlink(missing_ok=True)
    report = build_site(own_release.path, tmp_path / "site")
    assert any("inequality" in note for note in report.notes)
    text = parse(tmp_path / "site" / "changes.html").one("main").text
    assert "holds no comparison" in text
    assert "no inequality mart" in parse(tmp_path / "site" / "inequality.html").one("main").text
    for page in pages_of(tmp_path / "site"):
        parse(page)


def test_changes_are_counted_by_reason_and_listed(own_release, tmp_path):
    rows = ", ".join(
        f"('beacon_indicator', '{change}', '{reason}', 'loneliness', 'Halton', 1.5, 2.5)"
        for change, reason in (("added", "new_period"), ("changed", "revision_by_publisher"))
    )
    own_release.rewrite(
        "change",
        f"select * from (values {rows}) as t(mart, change, reason, indicator_slug, area_name, "
        "previous_value, value)",
    )
    build_site(own_release.path, tmp_path / "site")
    page = parse(tmp_path / "site" / "changes.html").one("main")
    assert "New periods" in page.text
    assert len(page.one("tbody").all("tr")) == 2
    front = parse(tmp_path / "site" / "index.html").one("main")
    revised = next(node for node in front.all("dt") if node.text == "Revised by the publisher")
    assert revised.parent is not None
    assert revised.parent.one("dd").text.endswith("(1 row)")
    assert revised.parent.one("a").attributes["href"] == "indicators/loneliness.html"


def test_reading_a_release_keeps_missing_apart_from_zero(sample_release):
    facts = read_release(sample_release.path)
    suppressed = [row for row in facts.observations if row["value_status"] == "suppressed"]
    assert suppressed
    assert all(row["value"] is None for row in suppressed)


def test_the_front_page_counts_what_is_compared_and_says_what_is_not(sample_release, pages):
    page = pages["index.html"].one("main")
    table = page.one("table", "glance")
    assert "ot compared" not in table.text
    rows = sample_release.rows("scorecard", "programme = 'marmot_beacon'")
    for line in table.one("tbody").all("tr"):
        _, _, worse, worst, worsening = line.all("td", "num")
        own = [r for r in rows if r["place_code"] == line.attributes["data-place"]]
        known = [r for r in own if r["value"] is not None]
        judged = [r["compared_with_nation"] for r in known]
        compared = sum(word in {"worse", "similar", "better"} for word in judged)
        assert worse.text == f"{judged.count('worse')} of {compared}"
        placed = [r for r in known if r["nation_lowest"] is not None]
        low = [r for r in placed if r["value"] <= r["nation_quartile_1"]]
        high = [r for r in placed if r["value"] > r["nation_quartile_3"]]
        bad = [r for r in low if r["polarity"] == "high_is_good"]
        bad += [r for r in high if r["polarity"] == "low_is_good"]
        assert worst.text == f"{len(bad)} of {len(placed)}"
        assert worsening.text.startswith("0 of ")
    missing = sum(r["value"] is None for r in rows)
    apart = [
        r for r in rows if r["value"] is not None and r["compared_with_nation"] == "not_compared"
    ]
    said = f"{missing + len(apart)} of {len(rows)} beacon figures are not compared with Albion"
    (line,) = [p for p in page.all("p") if said in p.text]
    assert f"({len(apart)}) or not there ({missing})" in line.text
    assert "No definition has been checked and signed by a second person" in line.text
    assert [a.attributes["href"] for a in line.all("a")] == ["signatures.html", "unknown.html"]


def test_the_front_page_leads_with_what_is_worst_and_who_can_act(sample_release, pages):
    page = pages["index.html"].one("main")
    assert [h.attributes["id"] for h in page.all("h2")][:3] == ["worst", "trends", "places"]
    worst = page.all("table", "standouts")
    shown = [row for table in worst for row in table.one("tbody").all("tr")]
    counts = [int(row.all("td")[0].one("strong").text.split(" of ")[0]) for row in shown]
    assert counts == sorted(counts, reverse=True)
    judged = sample_release.rows(
        "scorecard", "compared_with_nation = 'worse' and value is not null"
    )
    assert {row.one("th").one("a").attributes["href"] for row in shown} == {
        f"indicators/{r['indicator_slug'].replace('_', '-')}.html" for r in judged
    }
    assert all(row.all("td")[2].one("strong").text for row in shown)


def test_judgements_without_a_better_direction_are_counted_apart(own_release, tmp_path):
    own_release.replace(
        "scorecard", compared_with_nation="if(value is null, 'not_compared', 'higher')"
    )
    build_site(own_release.path, tmp_path / "site")
    front = parse(tmp_path / "site" / "index.html").one("main").text
    assert "No figure of any Place is judged worse than Albion." in front
    assert "more are higher or lower where neither is better" in front
    assert "Higher" in parse(tmp_path / "site" / "rug.html").one("table", id="beacons").text


def test_the_numbers_behind_the_spine_chart_are_the_nations_spread(sample_release, pages):
    page = pages["places/dunmarrow.html"]
    table = next(t for t in page.all("table") if "quartile is the highest" in t.one("caption").text)
    (code,) = (r["place_code"] for r in sample_release.rows("place", "place_name = 'Dunmarrow'"))
    marts = [
        r
        for r in sample_release.rows("scorecard", f"place_code = '{code}'")
        if r["value"] is not None and r["nation_lowest"] is not None
    ]
    shown = table.one("tbody").all("tr")
    assert len(shown) == len(marts) > 15
    names = ("lowest", "quartile_1", "median", "quartile_3", "highest")
    wanted = sorted([round(r[f"nation_{name}"], 0) for name in names] for r in marts)
    found = sorted(
        [round(number_in(cell.text), 0) for cell in row.all("td", "num")] for row in shown
    )
    for one, other in zip(found, wanted, strict=True):
        assert one == pytest.approx(other, abs=1)
    drawn = [
        cell for cell in page.all("td", "drawn") if "tier authorities) range from" in cell.text
    ]
    assert len(drawn) == len(marts)


def test_life_and_health_stand_together(sample_release, pages):
    latest = max(
        r["period"]
        for r in sample_release.rows("life_and_health", "years_not_in_good_health is not null")
    )
    rows = sample_release.rows(
        "life_and_health", f"period = '{latest}' and area_type in ('place', 'nation')"
    )
    names = ("life_expectancy", "healthy_life_expectancy", "years_not_in_good_health")
    expected = sorted(r[n] for r in rows for n in names if r[n] is not None)
    tables = pages["inequality.html"].all("table", "life")
    nodes = [node for table in tables for node in table.all("data")]
    assert sorted(float(n.attributes["value"]) for n in nodes) == expected
    for node in nodes:
        assert_rounds_to(node, float(node.attributes["value"]))
    assert len(tables) == 2
    text = pages["inequality.html"].one("main").text
    assert "Fewer is not necessarily better" in text
    of_place = pages["places/dunmarrow.html"].one("table", "life")
    assert len(of_place.one("tbody").all("tr")) == 4
    assert "Fewer is not necessarily better" in pages["places/dunmarrow.html"].one("main").text


def test_the_rug_says_what_is_computed_for_the_system_and_why_the_rest_is_not(
    sample_release, pages
):
    computed = {
        r["indicator_slug"]
        for r in sample_release.rows(
            "beacon_indicator", "area_type = 'icb' and value_method = 'sum_of_places'"
        )
    }
    cells = {}
    for row in pages["rug.html"].one("table", id="beacons").all("tr"):
        bench = row.all("td", "bench")
        if bench:
            cells[row.one("a").text] = bench[-1]
    fuel = cells["Fuel poverty"]
    assert "fuel_poverty" in computed
    assert "computed" in fuel.text
    assert "added up" in fuel.attributes["data-story"]
    life = cells["Life expectancy, female"]
    assert life.text == "Not available"
    assert "cannot be made from those of the Places" in life.attributes["data-story"]


def test_gaps_within_places_are_the_marts_now_and_before(sample_release, pages):
    shown = {
        row.one("a").text: row.all("td")[1]
        for row in pages["index.html"].one("table", "gaps").one("tbody").all("tr")
        if row.all("a")
    }
    now, before = (
        {
            r["area_name"]: r["value"]
            for r in sample_release.rows(
                "beacon_indicator",
                "indicator_slug = 'inequality_in_life_expectancy' and sex = 'Male' "
                f"and period = '{period}' and value is not null",
            )
        }
        for period in ("2023-25", "2020-22")
    )
    told = 0
    for place, cell in shown.items():
        if place not in now:
            assert cell.text == "none"
            continue
        assert float(cell.one("data").attributes["value"]) == now[place]
        if place in before:
            assert f"was {before[place]:.1f}" in cell.text
            assert not any(word in cell.text for word in ("Wid", "Narrow", "Clos", "change"))
            told += 1
    assert told >= 5


def test_the_largest_gap_is_not_called_larger_than_the_others(pages):
    """Which of nine figures is largest may be chance."""
    text = pages["index.html"].one("main").text
    said = re.findall(r"the gap[^.]*? is largest in .*?\. Whether ([^.]*)\.", text, re.IGNORECASE)
    assert len(said) == text.count("is largest in") >= 2
    assert all("Places differ" in sentence and "not tested" in sentence for sentence in said)


def test_nothing_is_unknown_where_every_beacon_and_clinical_measure_has_a_figure(pages):
    text = pages["index.html"].one("main").text
    assert re.search(r"22 of 22 beacon indicators", text)
    unknown = pages["unknown.html"].one("main")
    assert "Every indicator has a figure for at least one Place." in unknown.text
    (apart,) = unknown.all("section")
    assert apart.one("h2").attributes["id"] == "not-compared"
    assert "beacon returns template" not in unknown.text


def test_a_target_has_a_panel_for_each_area_with_a_projection(sample_release, pages):
    labels = [node.attributes["aria-label"] for node in pages["targets.html"].all("svg", "panel")]
    rows = sample_release.rows(
        "target",
        "kind = 'level' and projected_value is not null and projected_lower_95 is not null "
        "and due > period_end and area_role <> 'compared' and trend_points > 1",
    )
    assert len(labels) == len(rows) > 8
    for row in rows:
        assert any(
            label.startswith(f"{row['area_name'].replace(' (fictional)', '')}")
            and f"{row['projected_value']:.1f}%" in label
            and f"{row['projected_lower_95']:.1f}% to {row['projected_upper_95']:.1f}%" in label
            and f"the target is {row['target_value']:.1f}%" in label
            for label in labels
        ), row["area_name"]
