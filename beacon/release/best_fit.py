"""Which LSOAs an outline that somebody drew is made of, and how well they fit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

RULE = (
    "An LSOA counts whole where the middle of its outline is inside the area (its centroid, or a "
    "point on it where the centroid is outside it). No population-weighted centroids were given."
)
WEIGHTED_RULE = (
    "An LSOA counts whole where its population-weighted centroid is inside the area, as ONS fits "
    "areas; the centroids are those of the file that was given."
)
# Outlines are generalised, so that one line drawn twice leaves slivers. An LSOA is cut where at
# least so much of it is on each side.
_CUT_SHARE = 0.01


@dataclass(frozen=True)
class BestFit:
    """LSOAs of an outline.

    Attributes:
        chosen: Those that count, whole.
        cut_counted: Those of them that lie partly outside.
        cut_left_out: Those that lie partly inside and do not count.
        shares: Share of each LSOA's surface that is inside, where any is.
        uncovered_share: Share of the outline's surface that no LSOA covers.
    """

    chosen: list[str]
    cut_counted: list[str]
    cut_left_out: list[str]
    shares: dict[str, float]
    uncovered_share: float


def best_fit(
    outline: Any,
    codes: Sequence[str],
    wkb: Sequence[bytes],
    centroids: Mapping[str, tuple[float, float]] | None = None,
) -> BestFit:
    """The LSOAs whose middle is inside an outline.

    Args:
        outline: A Shapely polygon or multipolygon, in the coordinates of the LSOAs.
        codes: Codes of LSOAs.
        wkb: Their outlines as well-known binary, in the same order.
        centroids: Where each LSOA's people are on average, in the same coordinates, to be taken for
            its middle; all LSOAs have to be in it.
    """
    shapes = shapely.make_valid(shapely.from_wkb(np.array(wkb, dtype=object)))
    shapely.prepare(outline)
    if centroids is None:
        middles = shapely.centroid(shapes)
        outside_itself = ~shapely.contains(shapes, middles)
        middles[outside_itself] = shapely.point_on_surface(shapes[outside_itself])
    else:
        middles = shapely.points([centroids[code] for code in codes])
    inside = shapely.contains(outline, middles)
    touched = shapely.intersects(outline, shapes)
    shares = np.zeros(len(shapes))
    within = shapely.area(shapely.intersection(outline, shapes[touched]))
    # A share of one LSOA is the same in degrees as in metres, to within its height.
    shares[touched] = within / shapely.area(shapes[touched])
    cut = (shares > _CUT_SHARE) & (shares < 1 - _CUT_SHARE)
    named = np.array(codes, dtype=object)
    return BestFit(
        chosen=list(named[inside]),
        cut_counted=list(named[inside & cut]),
        cut_left_out=list(named[~inside & cut]),
        shares={code: float(share) for code, share in zip(codes, shares, strict=True) if share},
        uncovered_share=max(0.0, 1.0 - float(within.sum()) / float(outline.area)),
    )
