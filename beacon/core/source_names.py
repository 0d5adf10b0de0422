"""Names of sources that the code itself has to know."""

from __future__ import annotations

# What organisations return to this home, in the form of the landing store's sources.
LOCAL_RETURN = "local_return"
# What neighbourhood programmes return to it.
NEIGHBOURHOOD_RETURN = "neighbourhood_return"

# Sources whose files hold counts of few people before they are protected.
RETURNED = (LOCAL_RETURN, NEIGHBOURHOOD_RETURN)
