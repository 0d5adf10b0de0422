"""Names of sources that the code itself has to know."""

from __future__ import annotations

# What organisations return to this home, in the form of the landing store's sources.
LOCAL_RETURN = "local_return"
