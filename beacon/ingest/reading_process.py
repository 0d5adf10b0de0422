"""The reading process: reads one landed object after another for the run that started it."""

from __future__ import annotations

import traceback
from typing import Any

from beacon.core.errors import InputRefusedError
from beacon.ingest.read_object import read_object
from beacon.ingest.reading_ahead import ReadingJob, SourceChangedError
from beacon.processes import serve


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """Read an object.

    Args:
        message: The job.

    Returns:
        rows, or problems where it is refused, or changed where the file is no longer the object,
        or error where a reader is at fault.
    """
    try:
        job = ReadingJob.of(message)
        rows = read_object(
            job.source,
            job.target,
            job.landed,
            job.spec,
            fictional=job.fictional,
            may_change=job.may_change,
        )
    except SourceChangedError as error:
        return {"changed": str(error)}
    except InputRefusedError as error:
        return {"problems": [problem.as_dict() for problem in error.problems]}
    except Exception:  # noqa: BLE001 - raised again on the other side, where the run can fail
        return {"error": traceback.format_exc()}
    return {"rows": rows}


if __name__ == "__main__":
    serve(answer)
