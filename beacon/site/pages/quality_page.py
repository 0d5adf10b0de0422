"""The data quality and freshness page, and the methods page."""

from __future__ import annotations

from datetime import date
from typing import Any

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import PROGRAMMES, Row
from beacon.site.page import Page, Shared
from beacon.site.pages.rugs import badges_of

_FILE_STATUS = {
    "in_use": "In use",
    "not_supplied": "Not supplied",
    "last_good_kept": "Last good file kept",
    "refused": "Refused",
}


def quality_page(shared: Shared) -> Page:
    """Data quality and freshness."""
    facts = shared.facts
    retrieved = facts.run_record.get("inputs_retrieved_at") or {}
    manifest = facts.manifest
    return Page(
        "quality.html",
        "quality.html.j2",
        "Data quality and freshness",
        "quality",
        {
            "sources": _sources(facts, retrieved),
            "freshness": _freshness(facts),
            "missing": _missing(facts),
            "checks": (manifest.get("checks") or {}).get("by_severity") or {},
            "failed": (manifest.get("checks") or {}).get("failed") or [],
            "code": manifest.get("code") or {},
            "contract": manifest.get("contract_version"),
            "mode": manifest.get("mode"),
            "published": words.day((facts.run_record.get("published_at") or "")[:10] or None),
            "marts": manifest.get("marts") or [],
        },
    )


def _sources(facts: ReleaseFacts, retrieved: dict[str, str]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in facts.rows("source_status"):
        groups.setdefault((row["source"], row["dataset"]), []).append(row)
    found = []
    for (source, dataset), rows in sorted(groups.items()):
        start = f"{source}/{dataset}"
        dates = sorted(
            stamp[:10]
            for name, stamp in retrieved.items()
            if name == start or name.startswith(f"{start}/")
        )
        statuses = sorted({row["status"] for row in rows})
        found.append(
            {
                "row": rows[0],
                "parts": len(rows),
                "status": statuses[0] if len(statuses) == 1 else "mixed",
                "word": " and ".join(_FILE_STATUS.get(s, s.replace("_", " ")) for s in statuses),
                "rows": sum(row["rows_staged"] or 0 for row in rows),
                "retrieved": words.day(dates[-1]) if dates else "not recorded",
                "messages": sorted({row["message"] for row in rows if row["message"]}),
                "files": [row for row in rows if row["sha256"]],
            }
        )
    return found


def _freshness(facts: ReleaseFacts) -> list[dict[str, Any]]:
    """Each headline series that has values: its latest period, its age, when it is reviewed."""
    found = []
    for item in facts.indicators:
        for measure in item.measures:
            if not measure["latest_period"]:
                continue
            ends = [
                row["period_end"]
                for row in facts.rows_of_indicator(item.slug)
                if row["measure"] == measure["measure"]
                and row["value"] is not None
                and row["period_end"] is not None
            ]
            end = max(ends, default=None)
            found.append(
                {
                    "item": item,
                    "measure": measure,
                    "programme": PROGRAMMES.get(item.row["programme"], ""),
                    "period": words.period_text(measure["latest_period"]),
                    "end": end,
                    "age": age_text(end, facts.released_on),
                    "badges": badges_of(item, measure["measure"], modelled=False),
                    "review": words.day(item.row["next_review"]),
                }
            )
    return sorted(found, key=lambda f: (f["end"] or date.min, f["item"].row["indicator_id"]))


def age_text(end: date | None, on: date | None) -> str:
    """How long before the release a period ended, in whole years and months."""
    if end is None or on is None:
        return "not known"
    months = (on.year - end.year) * 12 + on.month - end.month - (on.day < end.day)
    if months < 1:
        return "less than a month"
    years, rest = divmod(months, 12)
    parts = [words.plural(years, "year")] if years else []
    parts += [words.plural(rest, "month")] if rest else []
    return " ".join(parts)


def _missing(facts: ReleaseFacts) -> list[dict[str, Any]]:
    found = []
    for item in facts.indicators:
        for measure in item.measures:
            if measure["latest_period"] or measure["role"] != "measure":
                continue
            state = words.state_of(None, measure["status"], None)
            found.append(
                {
                    "item": item,
                    "name": item.measure_name(measure["measure"]),
                    "state": state,
                    "note": measure["status_note"] or "",
                    "programme": PROGRAMMES.get(item.row["programme"], ""),
                }
            )
    return found


def methods_page(shared: Shared) -> Page:
    """How figures are made and what words mean."""
    facts = shared.facts
    return Page(
        "methods.html",
        "methods.html.j2",
        "Methods",
        "methods",
        {
            "judgements": words.JUDGEMENTS,
            "absences": words.ABSENCES,
            "vintages": facts.vintages,
            "unconfirmed": [i for i in facts.indicators if i.row["name_status"] != "confirmed"],
            "not_compared": [
                (i, i.registry.benchmark_reason)
                for i in facts.indicators
                if i.registry is not None and i.registry.benchmark_reason
            ],
            "has_trend": bool(facts.rows("scorecard"))
            and "recent_trend" in facts.rows("scorecard")[0],
            "has_icb": "icb" in facts.benchmark_kinds,
        },
    )
