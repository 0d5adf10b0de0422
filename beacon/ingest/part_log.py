"""What became of each dataset, in the log of a run."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from beacon.core.errors import Problem
from beacon.core.logs import log
from beacon.core.source_names import RETURNED


def log_part(name: str, status: str, problems: Iterable[Problem], **fields: Any) -> None:
    """Write what became of one dataset, and a line for each fault."""
    source = name.split("/")[0]
    log("dataset", source=source, dataset=name, status=status, **fields)
    for problem in problems:
        # What is wrong with a return may quote a count of few people.
        quoted = {} if source in RETURNED else {"message": problem.message}
        log(
            "refused",
            level=logging.WARNING,
            source=source,
            dataset=name,
            file=problem.file,
            row=problem.row,
            column=problem.column,
            **quoted,
        )
