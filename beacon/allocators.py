"""How the memory allocators of a run are asked to behave.

Libraries that read files and make tables have allocators of their own, and each keeps what it has
freed: some 300 MB of a rebuild's memory once held nothing. These settings give it back.
"""

from __future__ import annotations

import ctypes
import os
import sys

# Parameters of mallopt(3), from malloc.h of the GNU C library.
_M_ARENA_MAX = -8
# One arena for all threads: each would else keep one of its own, as large as its largest file.
ARENAS = 1
# Of jemalloc, which Polars carries: free pages are returned, and not only marked as returnable.
JEMALLOC = ("_RJEM_MALLOC_CONF", "dirty_decay_ms:500,muzzy_decay_ms:0")


def give_freed_memory_back() -> None:
    """Ask the C library's and Polars' allocators to return what is freed.

    To be called before Polars is imported and before threads start. What the environment sets
    already (`MALLOC_ARENA_MAX`, `_RJEM_MALLOC_CONF`) is left; where there is no such allocator,
    nothing happens.
    """
    os.environ.setdefault(*JEMALLOC)
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)


__all__ = ["ARENAS", "JEMALLOC", "give_freed_memory_back"]
