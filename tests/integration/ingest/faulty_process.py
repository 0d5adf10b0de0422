"""A reading process that misbehaves as the name of the file it is given tells it to."""

import os
import time
from typing import Any

from beacon.ingest.reading_ahead import ReadingJob
from beacon.processes import serve


def answer(message: dict[str, Any]) -> dict[str, Any]:
    source = ReadingJob.of(message).source
    seen = source.with_suffix(".seen")
    seen.write_text(seen.read_text() + "x" if seen.is_file() else "x")
    match source.stem:
        case "dies":
            os._exit(7)
        case "dies-once" if len(seen.read_text()) == 1:
            os.kill(os.getpid(), 9)
        case "babbles":
            return {"rows": "many"}
        case "hangs":
            time.sleep(600)
    return {"rows": len(seen.read_text())}


if __name__ == "__main__":
    serve(answer)
