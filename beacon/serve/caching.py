"""Answers that caches may keep: named by what they are made from.

An answer is decided by the content of the release's files, by the request and by this version of
Beacon. The hash of these is its ETag, known before anything is read. Under a release's own label an
answer never changes and is immutable; under `latest` it has to be asked for again, which costs one
comparison of hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response

from beacon.core.version import installed_version
from beacon.serve.served_release import ServedRelease

IMMUTABLE = "max-age=31536000, immutable"


def answer(
    request: Request,
    served: ServedRelease,
    content: str,
    make: Callable[[], Response],
) -> Response:
    """The answer to a request, or 304 where whoever asks has it already.

    Args:
        request: The request.
        served: The release that it is answered from.
        content: Hash of what of the release the answer is made from.
        make: Makes the answer.
    """
    asked = f"{request.url.path}?{request.url.query}"
    parts = (served.label, content, asked, installed_version())
    etag = f'"{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:32]}"'
    # What a token guards is for the one who has it.
    scope = "private" if "authorization" in request.headers else "public"
    headers = {
        "ETag": etag,
        "Cache-Control": f"{scope}, {IMMUTABLE if served.named else 'no-cache'}",
        "Beacon-Release": served.label,
    }
    given = request.headers.get("if-none-match", "")
    known = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    response = Response(status_code=304) if etag in known else make()
    response.headers.update(headers)
    return response
