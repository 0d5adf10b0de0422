"""The range that values of a measure may lie in."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from beacon.registry import load_indicators
from beacon.registry.plausible import Plausible


def test_every_indicator_declares_a_range():
    for indicator in load_indicators().values():
        assert indicator.plausible is not None, indicator.slug
        for measure in indicator.measures:
            span = indicator.plausible_of(measure.id)
            assert span.min is not None
            assert span.max is not None
            if "percent" in indicator.unit_of(measure.id):
                assert span.min >= 0
                assert span.max <= 100


def test_a_measure_may_have_a_range_of_its_own():
    poverty = load_indicators()["absolute_poverty_ahc"]
    assert poverty.plausible_of("children_absolute_bhc_number").max == 5_000_000
    assert poverty.plausible_of("main").max == 100


def test_a_kind_of_value_has_a_range_where_nothing_is_declared():
    indicator = load_indicators()["gld_reception"].model_copy(update={"plausible": None})
    assert indicator.plausible_of("main") == Plausible(min=0, max=100)


def test_a_range_the_wrong_way_round_is_refused():
    with pytest.raises(ValidationError, match="not below max"):
        Plausible(min=5, max=5)
