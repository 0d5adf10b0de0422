"""Unpacking what arrives while it arrives, never more than is safe."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_STEP_BYTES = 1 << 20
# zlib's own notation: a gzip wrapper around the widest window.
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class TooLargeError(Exception):
    """More arrived, or came out of it, than was allowed; the text says which."""


@dataclass(frozen=True)
class Bounds:
    """How much may arrive.

    Attributes:
        wire_bytes: Bytes as sent.
        decoded_bytes: Bytes once unpacked.
        ratio: Times by which content may be larger than what was sent; small answers compress
            extremely well and are let through.
        ratio_applies_from: Unpacked bytes from which `ratio` holds.
    """

    wire_bytes: int = 600_000_000
    decoded_bytes: int = 1_500_000_000
    ratio: int = 400
    ratio_applies_from: int = 50_000_000


class Decoder:
    """Turns bytes as sent into content. One for each answer."""

    def __init__(self, encoding: str, bounds: Bounds) -> None:
        self.wire = 0
        self.decoded = 0
        self._bounds = bounds
        self._gzip = zlib.decompressobj(_GZIP_WINDOW) if encoding == "gzip" else None

    def feed(self, sent: bytes) -> Iterator[bytes]:
        """Content that these bytes complete, a bounded piece at a time.

        Raises:
            TooLargeError: As soon as a bound is passed; nothing larger is ever held in memory.
            zlib.error: When the bytes are no gzip.
        """
        self.wire += len(sent)
        if self.wire > self._bounds.wire_bytes:
            raise TooLargeError(f"sends more than the {self._bounds.wire_bytes:,} bytes allowed")
        if self._gzip is None:
            yield self._counted(sent)
            return
        pending = sent
        while pending:
            content = self._gzip.decompress(pending, _STEP_BYTES)
            pending = self._gzip.unconsumed_tail
            if content:
                yield self._counted(content)
            elif self._gzip.eof:
                break

    def _counted(self, content: bytes) -> bytes:
        self.decoded += len(content)
        if self.decoded > self._bounds.decoded_bytes:
            raise TooLargeError(
                f"unpacks to more than the {self._bounds.decoded_bytes:,} bytes allowed"
            )
        large = self.decoded > self._bounds.ratio_applies_from
        if large and self.decoded > self._bounds.ratio * max(self.wire, 1):
            raise TooLargeError(f"unpacks to more than {self._bounds.ratio} times its size")
        return content

    @property
    def is_complete(self) -> bool:
        """Whether the packed stream has ended; True where nothing is packed."""
        return self._gzip is None or self._gzip.eof
