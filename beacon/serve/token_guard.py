"""A token for each reader, where the operator asks for one."""

from __future__ import annotations

import hashlib
import hmac
import stat
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from beacon.core.errors import SettingsError
from beacon.serve.problems import ProblemError

SHORTEST = 32
"""Characters of a token at least: `openssl rand -hex 32` gives 64."""

OPEN = frozenset({"/health"})
"""What is answered without a token."""


def read_tokens(path: Path) -> tuple[bytes, ...]:
    """The hashes of the tokens of a file: one a line; empty lines and lines with # are left out.

    Raises:
        SettingsError: When the file cannot be read, is open to other accounts, has no token, or one
            that is too short; tokens themselves are never named.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The token file {path} cannot be read: {error}.") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"The token file {path} can be read by other accounts: chmod 600 {path}."
        )
    tokens = []
    for number, line in enumerate(lines, start=1):
        token = line.strip()
        if not token or token.startswith("#"):
            continue
        if len(token) < SHORTEST or " " in token:
            raise SettingsError(
                f"{path}, line {number}: a token has at least {SHORTEST} characters and no blank. "
                "`openssl rand -hex 32` makes one."
            )
        tokens.append(hashlib.sha256(token.encode()).digest())
    if not tokens:
        raise SettingsError(f"The token file {path} holds no token: one a line.")
    return tuple(tokens)


class TokenGuard:
    """Lets only requests with `Authorization: Bearer TOKEN` through to an application."""

    def __init__(self, app: ASGIApp, *, tokens: tuple[bytes, ...]) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer with 401."""
        if scope["type"] != "http" or scope["path"] in OPEN or self._known(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        refused = ProblemError(
            401,
            "A token is needed",
            "Send `Authorization: Bearer TOKEN`; whoever operates this server gives tokens out.",
            headers={"WWW-Authenticate": "Bearer"},
        )
        await refused.response()(scope, receive, send)

    def _known(self, headers: Headers) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(token.strip().encode()).digest()
        # Every token is compared, so that the time tells nothing.
        equal = [hmac.compare_digest(digest, known) for known in self._tokens]
        return kind.lower() == "bearer" and any(equal)
