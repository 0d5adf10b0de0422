"""Which of a publisher's files replaces which, by their names."""

from __future__ import annotations

import re

# Words that publishers put behind the name of a file that replaces another, the last one last.
_REVISIONS = ("fixed", "revised", "corrected")


def revision_of(name: str) -> tuple[int, ...]:
    """How late a revision a file is, by its publisher's name: later ones compare as greater.

    Known are words (`_revised`, `_corrected`, `_fixed`; a second of them in a name counts on) and
    version numbers (`_v2`, `-v1.1-1`). A name without any is the first issue.
    """
    stem = name.lower().split(".ods")[0].split(".xls")[0].split(".csv")[0]
    words = [word for word in re.split(r"[^a-z]+", stem) if word in _REVISIONS]
    latest = max((_REVISIONS.index(word) + 1 for word in words), default=0)
    found = re.search(r"[-_ ]v(\d+(?:[.-]\d+)*)", stem)
    numbers = [int(part) for part in re.split(r"[.-]", found.group(1))] if found else []
    return (latest, len(words), *(*numbers, 0, 0, 0)[:3])
