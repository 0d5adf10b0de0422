"""The Model Context Protocol's server: `Tools`, over standard input or HTTP."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import CallToolResult, InputRequiredResult, Tool, ToolAnnotations
from starlette.types import ASGIApp

from beacon.core.home import Home
from beacon.core.suggestions import did_you_mean
from beacon.core.version import installed_version
from beacon.serve.area_list import UnknownNameError
from beacon.serve.mcp_tools import Tools
from beacon.serve.problems import ProblemError
from beacon.serve.token_guard import TokenGuard

_INSTRUCTIONS = """Figures of an English integrated care system from Beacon's releases.
Quote `said`. Name release, period and limits with each number. If `fictional` is true, say `notice`
first. A missing or suppressed value is not zero: say why, and give no estimate. Say better, worse,
rising, falling or gap only where the answer says that it was tested. Name source and licence."""

TOOLS = (
    "list_releases", "find_indicators", "find_areas", "read_values", "compare_with_nation",
    "rank_places", "read_trend", "read_gaps", "read_core20", "trace",
)  # fmt: skip


class _StrictServer(MCPServer[Any]):
    """Refuses an argument that a tool does not have.

    The package leaves it out in silence: whoever asks for a `year` then takes the latest for it.
    """

    async def list_tools(self) -> list[Tool]:
        """The tools, whose schemas say that there are no other arguments."""
        tools = await super().list_tools()
        for tool in tools:
            tool.input_schema = {**tool.input_schema, "additionalProperties": False}
        return tools

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool.

        Raises:
            ToolError: Naming an argument that it does not have, and those that it has; or as the
                package's own server.
        """
        known = {
            tool.name: list(tool.input_schema["properties"]) for tool in await self.list_tools()
        }
        for given in arguments:
            # An unknown tool is the package's to refuse.
            if given not in known.get(name, arguments):
                raise ToolError(
                    f"{name} has no argument {given[:80]!r}.{did_you_mean(given, known[name])} "
                    f"Arguments: {', '.join(known[name]) or 'none'}."
                )
        return await super().call_tool(name, arguments, context)


def make_mcp_server(home: Home) -> MCPServer[Any]:
    """The server. It reads releases of a home and writes nothing."""
    server = _StrictServer(
        "beacon",
        title="Beacon",
        instructions=_INSTRUCTIONS,
        version=installed_version(),
        log_level="WARNING",
    )
    tools = Tools(home)
    reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    for name in TOOLS:
        server.add_tool(_in_words(getattr(tools, name)), name=name, annotations=reads)
    return server


def make_mcp_app(
    home: Home, *, port: int, tokens: tuple[bytes, ...] = (), hosts: tuple[str, ...] = ()
) -> ASGIApp:
    """The server as an ASGI application at /mcp, without sessions.

    Args:
        home: Whose releases are read.
        port: Port that it is asked at.
        tokens: Hashes of the tokens that open it; none asks for none.
        hosts: Names, beside the loopback address, that it may be asked under.
    """
    names = ["127.0.0.1", "localhost", *hosts]
    with_port = [*names, *(f"{name}:{port}" for name in names)]
    security = TransportSecuritySettings(
        allowed_hosts=with_port,
        allowed_origins=[
            f"{scheme}://{name}" for name in with_port for scheme in ("http", "https")
        ],
    )
    app: ASGIApp = make_mcp_server(home).streamable_http_app(
        stateless_http=True, json_response=True, transport_security=security
    )
    return TokenGuard(app, tokens=tokens) if tokens else app


def _in_words(tool: Callable[..., Any]) -> Callable[..., Any]:
    """The tool, whose refusals reach the assistant as text."""

    @functools.wraps(tool)
    def called(*args: Any, **given: Any) -> Any:
        try:
            return tool(*args, **given)
        except (UnknownNameError, ProblemError) as error:
            raise ToolError(str(error)) from error

    return called
