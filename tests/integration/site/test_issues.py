"""How often a figure is issued, from the source that the latest one came from."""

from beacon.site.read_release import read_release


def test_the_next_issue_is_named_where_it_is_known_and_else_how_often(own_release):
    own_release.replace(
        "source_status",
        cadence="if(source = 'fingertips', 'by indicator, mostly yearly', cadence)",
        next_expected="if(source = 'dfe_eyfsp', date '2027-11-30', null)",
    )
    facts = read_release(own_release.path)

    def issued(slug):
        return facts.issued(facts.rows_of_indicator(slug))

    sources = {
        slug: {row["source"] for row in facts.rows_of_indicator(slug)}
        for slug in ("life_expectancy", "gld_reception")
    }
    assert sources["life_expectancy"] == {"fingertips"}
    assert issued("life_expectancy") == "mostly yearly"
    assert facts.issued([]) is None
    from_profile = [
        row for row in facts.rows_of_indicator("gld_reception") if row["source"] == "dfe_eyfsp"
    ]
    assert facts.issued(from_profile) == "next expected 30 November 2027"
