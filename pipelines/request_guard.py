"""Which requests may reach Dagster's web server: only those of its own pages and of programs.

Dagster's server asks nobody who they are, and takes GraphQL mutations by GET, by a POST of plain
text, and under any host name. A page of another site that is open in an operator's browser could
therefore start runs.
"""

from collections.abc import Collection, Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_READING = ("GET", "HEAD")
# What a browser says of a request from the page itself, and from its address bar or a bookmark.
# "same-site" is another port or a sibling name: it is no page of this server.
_OWN = ("same-origin", "none")


def refusal(scope: Scope, hosts: Collection[str]) -> str | None:
    """Why a request may not pass, in words; None where it may.

    Args:
        scope: The request, as ASGI describes it.
        hosts: Names with ports under which the server is asked for, such as "localhost:3000".
    """
    headers = Headers(scope=scope)
    return (
        _about_sender(headers, hosts)
        or (None if scope["type"] == "websocket" else _about_content(scope, headers))
        or _about_path(scope)
    )


def _about_sender(headers: Headers, hosts: Collection[str]) -> str | None:
    asked = headers.getlist("host")
    if len(asked) != 1 or asked[0].lower() not in hosts:
        return f"This server answers under {' and '.join(sorted(hosts))} only."
    origins = headers.getlist("origin")
    if origins and [origin.lower() for origin in origins] != [f"http://{asked[0].lower()}"]:
        return "Pages of other sites may ask nothing here."
    if any(site not in _OWN for site in headers.getlist("sec-fetch-site")):
        return "Pages of other sites may ask nothing here. Type the address into the browser."
    return None


def _about_content(scope: Scope, headers: Mapping[str, str]) -> str | None:
    if scope["method"] == "POST":
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        # Browsers let no page of another site send this kind without asking first.
        return None if kind == "application/json" else "A POST must be of type application/json."
    if scope["method"] not in _READING:
        return f"{scope['method']} is not used here."
    if scope["path"].strip("/") == "graphql" and scope["query_string"]:
        return "GraphQL is asked with POST: a GET could change something."
    return None


def _about_path(scope: Scope) -> str | None:
    parts = scope["path"].split("/")
    return "The path is not a plain one." if {".", ".."} & set(parts) else None


class RequestGuard:
    """ASGI middleware that lets pass what `refusal` finds nothing against."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, or close the websocket before it opens, or pass the request on."""
        reason = refusal(scope, self._hosts) if scope["type"] in ("http", "websocket") else None
        if reason is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008, reason=reason)(scope, receive, send)
        else:
            await PlainTextResponse(f"{reason}\n", 403)(scope, receive, send)
