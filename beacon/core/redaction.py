"""Taking secrets out of text before anybody else reads it."""

from __future__ import annotations

import os
import re

HIDDEN = "***"

# Names of settings and parameters whose values are nobody's business. `uid` is how Nomis calls its
# key, `sig` how object stores call the signature of an address.
_NAMES = (
    r"(?:[a-z0-9_\-]*(?:password|passwd|passphrase|pwd|secret|token|credentials?|api[_\-]?key)"
    r"(?:[_\-][a-z0-9_\-]*)?"
    r"|(?:[a-z0-9]+[_\-])*(?:pass|uid)|(?:[a-z0-9]+[_\-])+key|(?<=[?&])key"
    r"|sig|signature|x-amz-signature)"
)
_IN_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.\-]*://)[^/\s@\"']*@", re.IGNORECASE)
_HEADER = re.compile(
    r"(?P<name>\b(?:proxy-)?authorization\b[\"']?\s*[:=]\s*[\"']?)[^\"'\r\n,}]+", re.IGNORECASE
)
_BEARER = re.compile(r"\b(?P<name>bearer|basic)\s+[A-Za-z0-9+/=_.~\-]{6,}", re.IGNORECASE)
_NAMED = re.compile(
    rf"(?P<name>(?<![a-z0-9]){_NAMES}[\"']?\s*[=:]\s*)"
    r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s&\"',;)}\]]+)",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"(KEY|UID|PASS|PASSWORD|SECRET|TOKEN|CREDENTIAL)$", re.IGNORECASE)
# A shorter value would take ordinary words with it, and protects nothing.
_SHORTEST_SECRET = 6


def secret_values() -> tuple[str, ...]:
    """Values of this process's own secrets, longest first."""
    found = {
        value
        for name, value in os.environ.items()
        if _VARIABLE.search(name) and len(value) >= _SHORTEST_SECRET
    }
    return tuple(sorted(found, key=len, reverse=True))


def redact(text: str, secrets: tuple[str, ...] | None = None) -> str:
    """Text without passwords and keys.

    Hides the values of this process's own secrets wherever they stand; who is named in an address
    (`postgres://user:password@host`), in an Authorization header, or beside a name such as
    `password`, `api_key` or `token`.

    Args:
        text: Any text, such as a message, an address or JSON.
        secrets: Known secrets; by default those of the environment.
    """
    for value in secret_values() if secrets is None else secrets:
        text = text.replace(value, HIDDEN)
    text = _IN_ADDRESS.sub(rf"\g<scheme>{HIDDEN}@", text)
    text = _HEADER.sub(rf"\g<name>{HIDDEN}", text)
    text = _BEARER.sub(rf"\g<name> {HIDDEN}", text)
    return _NAMED.sub(_hide_value, text)


def _hide_value(found: re.Match[str]) -> str:
    value = found["value"]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{found['name']}{quote}{HIDDEN}{quote}"
