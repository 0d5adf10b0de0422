"""The site's maps: the system's Places, and each Place's LSOAs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from beacon.site import words
from beacon.site.charts import map_chart as maps
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Place

# Detail that a map of the whole system, and of one Place, may drop.
SYSTEM_TOLERANCE_METRES = 120.0
PLACE_TOLERANCE_METRES = 25.0


@dataclass(frozen=True)
class Shape:
    """One area of a map.

    Attributes:
        path: Data of its SVG path.
        class_: Class of the style sheet.
        title: What a pointer resting on it shows; None for lines.
        label: Text drawn on it: the Place's number in the list below the map.
        x: Where that text goes.
        y: Where that text goes.
    """

    path: str
    class_: str
    title: str | None = None
    label: str | None = None
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class Map:
    """A drawing in whole units, `WIDTH` wide."""

    height: int
    shapes: tuple[Shape, ...]
    width: int = maps.WIDTH


def _core20_words(place: Place) -> str:
    share = place.row["core20_share_percent"]
    if share is None:
        return f"{place.name}: no population was supplied"
    return f"{place.name}: {words.number(share)}% of people live in Core20"


@dataclass
class MapMaker:
    """Makes maps of one release; outlines are simplified once."""

    facts: ReleaseFacts

    @cached_property
    def _lsoas(self) -> dict[str, Any]:
        outlines = {
            row["lsoa21_code"]: row["geometry"]
            for row in self.facts.lsoas
            if row.get("geometry") is not None
        }
        return maps.simplified(outlines, SYSTEM_TOLERANCE_METRES)

    @cached_property
    def _places(self) -> dict[str, Any]:
        return maps.simplified(self.facts.outlines, SYSTEM_TOLERANCE_METRES)

    @cached_property
    def _frame(self) -> maps.Projection | None:
        if not self._places:
            return None
        return maps.projection_of(maps.bounds_of(list(self._places.values())))

    @property
    def frame_height(self) -> int:
        """Height of the system's maps; 0 where the release has no outlines."""
        return 0 if self._frame is None else self._frame.height

    @cached_property
    def place_paths(self) -> dict[str, tuple[str, int, int]]:
        """Path of each Place on the system's maps, and where its number goes."""
        frame = self._frame
        if frame is None:
            return {}
        return {
            code: (maps.path_of(shape, frame), *maps.label_point(shape, frame))
            for code, shape in self._places.items()
        }

    def of_places(self, classes: Mapping[str, str], titles: Mapping[str, str]) -> Map | None:
        """Places in classes; None where the release has no outlines.

        Args:
            classes: Class by Place code.
            titles: What a pointer resting on a Place shows, by Place code.
        """
        frame = self._frame
        if frame is None:
            return None
        shapes = []
        for number, place in enumerate(self.facts.places, start=1):
            if place.code in self.place_paths:
                path, x, y = self.place_paths[place.code]
                shapes.append(
                    Shape(path, classes.get(place.code, "empty"), titles.get(place.code),
                          str(number), x, y)
                )  # fmt: skip
        return Map(frame.height, tuple(shapes))

    @cached_property
    def of_core20(self) -> Map | None:
        """The system: Core20 LSOAs dissolved, the Places' outlines over them."""
        frame = self._frame
        core20 = [
            self._lsoas[row["lsoa21_code"]]
            for row in self.facts.lsoas
            if row.get(f"core20_imd{self.facts.imd_vintage}") and row["lsoa21_code"] in self._lsoas
        ]
        if frame is None or not core20:
            return None
        shapes = [
            Shape(self.place_paths[p.code][0], "land", _core20_words(p))
            for p in self.facts.places
            if p.code in self.place_paths
        ]
        shapes.append(Shape(maps.path_of(maps.united(core20), frame), "core20"))
        for number, place in enumerate(self.facts.places, start=1):
            if place.code in self.place_paths:
                path, x, y = self.place_paths[place.code]
                shapes.append(Shape(path, "edge", None, str(number), x, y))
        return Map(frame.height, tuple(shapes))

    def of_lsoas(self, place: Place, numbered: Sequence[str] = ()) -> Map | None:
        """A Place's LSOAs by IMD decile group, ward boundaries over them.

        Args:
            place: The Place.
            numbered: Codes of the wards that bear a number: their place in this list, from 1.
        """
        rows = [
            row
            for row in self.facts.lsoas
            if row["place_code"] == place.code and row.get("geometry") is not None
        ]
        if not rows:
            return None
        outlines = {row["lsoa21_code"]: row["geometry"] for row in rows}
        shapes_by_code = maps.simplified(outlines, PLACE_TOLERANCE_METRES)
        frame = maps.projection_of(maps.bounds_of(list(shapes_by_code.values())))
        vintage = self.facts.imd_vintage
        shapes = []
        wards: dict[str, list[Any]] = {}
        for row in rows:
            shape = shapes_by_code.get(row["lsoa21_code"])
            if shape is None:
                continue
            decile = row.get(f"imd{vintage}_decile")
            core20 = row.get(f"core20_imd{vintage}")
            wards.setdefault(row.get("ward24_code") or "", []).append(shape)
            told = f"{row['lsoa21_name']}" + (
                f", {row['ward24_name']} ward" if row.get("ward24_name") else ""
            )
            if decile is not None:
                told += f": IMD decile {decile}" + (", Core20" if core20 else "")
            class_ = (
                "empty" if decile is None else "d1" if decile == 1 else "d2" if core20 else "d3"
            )
            shapes.append(Shape(maps.path_of(shape, frame), class_, told))
        for code in sorted(wards):
            if not code:
                continue
            ward = maps.united(wards[code])
            label, x, y = None, 0, 0
            if code in numbered:
                label = str(numbered.index(code) + 1)
                x, y = maps.label_point(ward, frame)
            shapes.append(Shape(maps.path_of(ward, frame), "ward", None, label, x, y))
        return Map(frame.height, tuple(shapes))
