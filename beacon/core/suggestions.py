"""What somebody who misspelt a name may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_NAMED = 3
_LIKENESS = 0.6


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """` Did you mean 'a' or 'b'?` with a space before it; nothing where nothing is like it."""
    by_folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(given.casefold(), by_folded, _NAMED, _LIKENESS)
    names = [repr(by_folded[name]) for name in near]
    if not names:
        return ""
    return f" Did you mean {' or '.join([', '.join(names[:-1]), names[-1]]).removeprefix(' or ')}?"
