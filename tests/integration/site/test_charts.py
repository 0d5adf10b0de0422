import numpy as np
import pytest
import shapely

from beacon.site.charts import map_chart as maps
from beacon.site.charts import strips, svg
from beacon.site.charts import trend_chart as trend
from beacon.site.charts.scale import scale_for


def test_text_and_attributes_are_escaped():
    drawn = svg.tag("text", "<b>&", x=1, title='"><script>')
    assert str(drawn) == '<text x="1" title="&#34;&gt;&lt;script&gt;">&lt;b&gt;&amp;</text>'


def test_a_drawing_is_either_named_or_hidden():
    assert 'aria-hidden="true"' in svg.drawing(1, 1, [], class_="a")
    named = svg.drawing(1, 1, [], class_="a", label="Halton")
    assert 'role="img"' in named
    assert 'aria-label="Halton"' in named


@pytest.mark.parametrize(
    "values", [[1.0, 2.0], [0.0, 0.0], [5.0], [-3.0, 4.0], [], [None, 1.0], [1e-9, 2e-9], [1e9]]
)
@pytest.mark.parametrize("from_zero", [True, False])
def test_a_scale_holds_every_value_and_has_round_ticks(values, from_zero):
    scale = scale_for(values, 0.0, 100.0, from_zero=from_zero)
    known = [value for value in values if value is not None]
    assert scale.low < scale.high
    assert all(scale.low <= value <= scale.high for value in known)
    if from_zero:
        assert scale.low <= 0 <= scale.high
    assert all(scale.low - 1e-9 <= tick <= scale.high + 1e-9 for tick in scale.ticks())
    assert 1 <= len(scale.ticks()) <= 12


def test_a_bar_is_as_long_as_its_value():
    scale = scale_for([0.0, 80.0], 0.0, 200.0, from_zero=True)
    drawn = strips.value_strip(scale, 40.0)
    assert 'width="100"' in drawn


def test_better_is_to_the_right_on_a_spine_whatever_the_polarity():
    def place_of(flip):
        drawn = strips.spine_strip(
            strips.Spine(9.0, 10.0, 8.0, 9.0, 11.0, 12.0, flip=flip, state="better")
        )
        return float(drawn.rsplit('x="', 1)[1].split('"')[0])

    assert place_of(True) > strips.WIDTH / 2 - 6 > place_of(False)


def _points(*periods):
    return [trend.Point(period, value) for period, value in periods]


def _lines(frame, points):
    return [[at for at, _ in run] for run in trend._runs(frame, points)]


def test_a_line_stops_at_a_missing_period():
    points = _points(("2018/19", 1.0), ("2019/20", 2.0), ("2022/23", 3.0), ("2023/24", 4.0))
    frame = trend.frame_for([points], [])
    assert _lines(frame, points) == [[2018.0, 2019.0], [2022.0, 2023.0]]


def test_a_line_stops_at_a_suppressed_value():
    points = _points(("2018", 1.0), ("2019", None), ("2020", 3.0))
    frame = trend.frame_for([points], [])
    assert _lines(frame, points) == [[2018.0], [2020.0]]


def test_a_line_is_never_drawn_across_a_break():
    points = _points(("2018", 1.0), ("2019", 2.0), ("2020", 3.0))
    frame = trend.frame_for([points], ["2020"])
    assert _lines(frame, points) == [[2018.0, 2019.0], [2020.0]]
    assert 'class="break"' in trend.panel(frame, points, [], "x")


@pytest.mark.parametrize("points", [[], _points(("2018", None)), _points(("2018", 3.0))])
def test_an_empty_or_single_series_draws(points):
    drawn = trend.panel(trend.frame_for([points], []), points, [], "Nobody")
    assert ("No values" in drawn) == (not any(p.value is not None for p in points))
    assert "nan" not in drawn.lower()


def _grid(size, fine=12):
    """Cells whose ragged edges their neighbours share, point by point."""
    rng = np.random.default_rng(7)
    reach = range(size * fine + 1)
    points = {
        (x, y): (x / fine / 100 + rng.normal(0, 1e-4), 53 + y / fine / 100 + rng.normal(0, 1e-4))
        for x in reach
        for y in reach
    }
    side = range(fine)
    outlines = {}
    for x in range(size):
        for y in range(size):
            left, low = x * fine, y * fine
            ring = [(left + k, low) for k in side]
            ring += [(left + fine, low + k) for k in side]
            ring += [(left + fine - k, low + fine) for k in side]
            ring += [(left, low + fine - k) for k in side]
            outlines[f"A{x}{y}"] = shapely.to_wkb(shapely.Polygon([points[at] for at in ring]))
    return outlines


def test_simplified_neighbours_still_share_their_edges():
    outlines = _grid(4)
    kept = maps.simplified(outlines, 200)
    before = sum(shapely.get_num_coordinates(shapely.from_wkb(w)) for w in outlines.values())
    after = sum(shapely.get_num_coordinates(shape) for shape in kept.values())
    assert after < before / 2
    assert shapely.coverage_is_valid(list(kept.values()))
    whole = maps.united(list(kept.values()))
    assert whole.area == pytest.approx(sum(shape.area for shape in kept.values()))


def test_outlines_that_overlap_by_a_hair_are_united_too():
    # As in the super-generalised LSOAs of Cornwall and of Sussex.
    shapes = [
        shapely.Polygon([(1, 4), (0, 2), (0, 3)]),
        shapely.Polygon([(3, 3), (3, 1), (0, 3)]),
    ]
    with pytest.raises(shapely.errors.GEOSException):
        shapely.coverage_union_all(shapes)
    overlap = shapely.intersection(*shapes).area
    assert maps.united(shapes).area == pytest.approx(sum(s.area for s in shapes) - overlap)


def test_a_path_is_whole_units_within_the_drawing():
    kept = maps.simplified(_grid(2), 10)
    frame = maps.projection_of(maps.bounds_of(list(kept.values())))
    path = maps.path_of(kept["A00"], frame)
    assert path.startswith("M")
    assert path.endswith("z")
    assert "." not in path
    x, y = maps.label_point(kept["A00"], frame)
    assert 0 < x < maps.WIDTH
    assert 0 < y < frame.height


def test_years_of_merged_areas_are_hollow_and_a_year_that_cannot_be_counted_is_a_break():
    merged = [
        trend.Point("2019", 20.0, from_predecessors=True),
        trend.Point("2020", 21.0, from_predecessors=True),
        trend.Point("2021", 22.0),
    ]
    frame = trend.frame_for([merged], [])
    drawn = str(trend.panel(frame, merged, [], "A Place"))
    assert drawn.count('class="predecessors"') == 2
    assert 'class="break"' not in drawn
    formed = [
        trend.Point("2020", None, state="not_comparable"),
        *_points(("2021", 22.0), ("2022", 23.0)),
    ]
    frame = trend.frame_for([formed], [])
    drawn = str(trend.panel(frame, formed, [], "A Place"))
    assert drawn.count('class="break"') == 1
