"""What would give an indicator a figure: files to download, and returns to ask for.

What belongs here: reading it off the indicator's bindings and the register of sources. What does
not: whether there is a figure, which a release says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from beacon.core.source_names import LOCAL_RETURN
from beacon.registry.bindings import SourceBinding
from beacon.registry.indicators import Indicator
from beacon.registry.sources import Dataset, SourceRegister

Kind = Literal["file", "return", "not_read", "none"]


@dataclass(frozen=True)
class Supply:
    """One way to a figure.

    Attributes:
        kind: file: to be downloaded into a folder of inputs; return: to be asked for;
            not_read: a source that is known and that Beacon has no reader for;
            none: no way is known.
        publisher: Who issues it; of a return, who is asked.
        title: What it is called.
        file_name: Pattern of the publisher's file name, where it is known.
        where: Address of the publisher's page, or the command that writes the form.
        note: What else a person should know.
    """

    kind: Kind
    publisher: str
    title: str
    file_name: str = ""
    where: str = ""
    note: str = ""


def supplies(indicator: Indicator, register: SourceRegister) -> list[Supply]:
    """Every way to a figure of the indicator's own measures, in order of preference.

    Args:
        indicator: The indicator; proxies and context are left out.
        register: The sources.

    Returns:
        Each way once; none where no publisher and no return is known.
    """
    found: dict[tuple[Kind, str, str], Supply] = {}
    for binding in indicator.sources:
        if binding.role == "measure" and binding.withdrawn is None:
            for supply in _of(binding, indicator, register):
                # Several measures can come from one place; the first binding has the note.
                found.setdefault((supply.kind, supply.publisher, supply.title), supply)
    return list(found.values())


def _of(binding: SourceBinding, indicator: Indicator, register: SourceRegister) -> Iterator[Supply]:
    note = binding.note or ""
    if binding.source == LOCAL_RETURN:
        yield Supply(
            "return",
            "Organisations of the area",
            f"Return for indicator {indicator.id}",
            where=f"beacon returns template {indicator.id}",
            note=note,
        )
        return
    source = register.sources.get(binding.source)
    series = binding.publisher_id or ", ".join(choice.series for choice in binding.select)
    if source is None or not binding.select:
        publisher = source.publisher if source else ""
        page = source.landing_page if source else ""
        yield Supply("not_read", publisher, series or binding.source, where=page, note=note)
        return
    for dataset in source.datasets:
        if _gives(dataset, binding):
            yield Supply(
                "file",
                source.publisher,
                f"{dataset.title}: {series}",
                file_name=dataset.file_name or "",
                where=source.landing_page,
                note=note,
            )


def _gives(dataset: Dataset, binding: SourceBinding) -> bool:
    """Whether rows of a dataset can be those of a binding, as far as both are declared."""
    named = {name for choice in binding.select for name in choice.where.get("dataset", ())}
    pattern = str(dataset.options.get("series", "")).partition("{")[0]
    return (
        dataset.staging == "observation"
        and (not named or dataset.id in named)
        and any(choice.series.startswith(pattern) for choice in binding.select)
    )
