"""The aspirations page."""

from __future__ import annotations

from typing import Any

from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Row
from beacon.site.page import Page, Shared

KIND_WORDS = {
    "aspiration": "Five-year aspirations",
    "outcome": "Outcomes",
    "headline_ambition": "Headline ambitions",
}
FIT_WORDS = {
    "exact": "measures this",
    "part": "measures part of this",
    "related": "related; no proof",
}
_PROGRESS = (
    ("as_wanted", "as wanted"),
    ("against", "against"),
    ("no_clear_change", "no clear change"),
    ("not_assessed", "no trend can be judged"),
    ("no_value", "no figure"),
)
# A document of the latest years first.
_LATEST_FIRST = ("partnership_plan_2024", "joint_forward_plan_2023")


def aspirations_page(shared: Shared) -> Page:
    """The aspirations page."""
    facts = shared.facts
    documents: dict[str, dict[str, Any]] = {}
    for row in facts.rows("aspiration"):
        document = documents.setdefault(
            row["document"],
            {
                "id": row["document"].replace("_", "-"),
                "title": row["document_title"],
                "kind": KIND_WORDS.get(row["kind"], row["kind"]),
                "groups": {},
            },
        )
        group = document["groups"].setdefault(row["aspiration_group"], {})
        group.setdefault(row["aspiration_id"], []).append(row)
    shown = [
        {
            **document,
            "groups": [
                (title, [_aspiration(facts, rows) for rows in sorted(items.values(), key=_line)])
                for title, items in sorted(
                    document["groups"].items(), key=lambda item: min(map(_line, item[1].values()))
                )
            ],
        }
        for name, document in sorted(documents.items(), key=lambda item: _rank(item[0]))
    ]
    for document in shown:
        items = [item for _, group in document["groups"] for item in group]
        document["counts"] = [
            (word, sum(item["mapping"] == key for item in items))
            for key, word in (
                ("measured", "shown by an indicator"),
                ("could_be_taken", "could be shown from an open source"),
                ("not_measured", "not measured"),
            )
        ]
    return Page(
        "aspirations.html",
        "aspirations.html.j2",
        "Aspirations",
        "aspirations",
        {"documents": shown},
    )


def _line(rows: list[Row]) -> tuple[int, str]:
    return rows[0]["line"], rows[0]["aspiration_id"]


def _rank(name: str) -> tuple[int, str]:
    return (_LATEST_FIRST.index(name) if name in _LATEST_FIRST else len(_LATEST_FIRST), name)


def _aspiration(facts: ReleaseFacts, rows: list[Row]) -> dict[str, Any]:
    first = rows[0]
    shown: dict[str, list[Row]] = {}
    for row in rows:
        if row["fit"] != "none":
            shown.setdefault(row["indicator_slug"], []).append(row)
    return {
        "id": first["aspiration_id"].replace("_", "-"),
        "wording": first["wording"],
        "line": first["line"],
        "mapping": first["mapping"],
        "could_come_from": first["could_come_from"],
        "needed": first["needed"],
        "targets": [
            target
            for target in facts.plan_targets
            if target.id in (first["targets"] or "").split(", ")
        ],
        "indicators": [_indicator(facts, slug, found) for slug, found in shown.items()],
    }


def _indicator(facts: ReleaseFacts, slug: str, rows: list[Row]) -> dict[str, Any]:
    item = facts.by_slug.get(slug)
    counts = [(word, sum(row["progress"] == key for row in rows)) for key, word in _PROGRESS]
    return {
        "page": item.page if item else None,
        "name": rows[0]["indicator_name"] or slug,
        "fit": FIT_WORDS.get(rows[0]["fit"], rows[0]["fit"]),
        "progress": [(word, count) for word, count in counts if count],
        "series": len(rows),
    }
