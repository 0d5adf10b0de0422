"""Comparisons and gaps in words: a word that judges stands only where the release holds a test."""

from __future__ import annotations

from typing import Any

from beacon.serve import tool_answers as answers
from beacon.serve.said_figures import Figure, number

_COMPARED = {
    "better": "better than the nation",
    "worse": "worse than the nation",
    "similar": "similar to the nation",
    "higher": "higher than the nation",
    "lower": "lower than the nation",
}
_METHODS = {
    "published_limits": "tested by its published limits",
    "computed_limits": "tested by limits computed from counts",
    "publishers_judgement": "in its publisher's own judgement, without limits",
}


def compared(figure: Figure) -> answers.Comparison:
    """A figure beside the nation's, with a word of comparison only where one was tested."""
    words = _COMPARED.get(figure.compared_with_nation)
    if words is None:
        why = (figure.not_compared_reason or "not_compared").replace("_", " ")
        said = f"{figure.said} Not compared with the nation: {why}."
    else:
        nation = "" if figure.nation_value is None else f" ({number(figure.nation_value)})"
        how = _METHODS[figure.comparison_method or ""]
        said = f"{figure.said} That is {words}{nation}, {how}."
    tested = words is not None and figure.comparison_method != "publishers_judgement"
    return answers.Comparison(said=said, tested=tested, figure=figure)


def gap_of(row: dict[str, Any]) -> answers.Gap:
    """A row of mart `inequality` in words: whether the gap is clear of chance, where tested."""
    own = {name: row[name] for name in answers.Gap.model_fields if name in row}
    where = f"{row['area_name']}, {row['period']}, {row['sex']}, {row['age']}"
    pair = f"{row['disadvantaged_group']} and {row['comparison_group']} ({where})"
    if row["absolute_gap"] is None:
        said = f"No gap between {pair} could be computed; give no number."
    else:
        said = f"Gap between {pair}: {number(row['absolute_gap'])} {row['unit']}"
        if row["absolute_gap_lower_95"] is not None:
            low, high = row["absolute_gap_lower_95"], row["absolute_gap_upper_95"]
            said += f" (95 % limits {number(low)} to {number(high)})"
        said += {
            True: f", clear of chance: {row['direction'].replace('_', ' ')}.",
            False: ", not clear of chance: do not call it a difference.",
            None: ". It has no limits, so it was not tested.",
        }[row["gap_is_clear"]]
    return answers.Gap(**own, said=said)
