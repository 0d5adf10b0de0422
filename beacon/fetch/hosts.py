"""Publishers' addresses: `reference_data/hosts.yaml`, and what replaces them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from beacon.core.errors import SettingsError
from beacon.core.paths import resource_dir


class Host(BaseModel):
    """One publisher's address.

    Attributes:
        url: Address that paths are put behind, without a final slash.
        seconds_between: Least time between two requests to the host.
        may_lead_to: Names of other hosts that its links and redirects may lead to.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(pattern=r"^https?://[^/?#]+(/[^?#]*[^/?#])?$")
    seconds_between: float = Field(default=1.0, ge=0)
    may_lead_to: tuple[str, ...] = ()


class Hosts:
    """Every publisher's address by name."""

    def __init__(self, hosts: Mapping[str, Host]) -> None:
        self._hosts = dict(hosts)

    def __contains__(self, name: str) -> bool:
        return name in self._hosts

    def url(self, name: str, path: str = "") -> str:
        """The address of a path at a publisher."""
        base = self._hosts[name].url
        return f"{base}/{path.lstrip('/')}" if path else base

    def origins(self, name: str) -> frozenset[str]:
        """Schemes and hosts that a request to this publisher may reach, redirects included."""
        host = self._hosts[name]
        names = (name, *(other for other in host.may_lead_to if other in self._hosts))
        return frozenset(origin_of(self._hosts[item].url) for item in names)

    def intervals(self) -> dict[str, float]:
        """Least seconds between two requests, by host. Nobody is spared on this machine itself."""
        found: dict[str, float] = {}
        for host in self._hosts.values():
            netloc = urlsplit(host.url).netloc
            wait = 0.0 if is_loopback(host.url) else host.seconds_between
            found[netloc] = max(found.get(netloc, 0.0), wait)
        return found

    def not_loopback(self, names: set[str]) -> list[str]:
        """Those of the named publishers whose address is not this machine."""
        return sorted(
            name for name in names if name in self._hosts and not is_loopback(self._hosts[name].url)
        )


def origin_of(url: str) -> str:
    """Scheme, host and port, in lower case: what two addresses must share to be one server."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_loopback(url: str) -> bool:
    """Whether an address is this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_hosts(replaced: Mapping[str, str], path: Path | None = None) -> Hosts:
    """Load the publishers' addresses and put replacements over them.

    Raises:
        SettingsError: For a replacement of an unknown name or with an address that is none, or a
            file that is not valid; every fault at once.
    """
    path = path or resource_dir("reference_data") / "hosts.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    entries = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506
    faults: list[str] = []
    unknown = sorted(set(replaced) - set(entries))
    if unknown:
        faults.append(
            f"BEACON_LIVE_BASE_URLS names {', '.join(unknown)}; known are {', '.join(entries)}."
        )
    hosts: dict[str, Host] = {}
    for name, entry in entries.items():
        given = {**entry, "url": replaced.get(name, entry["url"]).rstrip("/")}
        try:
            hosts[name] = Host.model_validate(given)
        except ValidationError as error:
            faults += [f"{name}: {fault['loc'][-1]}: {fault['msg']}" for fault in error.errors()]
    for name, host in hosts.items():
        faults += [
            f"{name}: may_lead_to names {other!r}, which is no host"
            for other in host.may_lead_to
            if other not in entries
        ]
    if faults:
        raise SettingsError("Publishers' addresses are not valid. " + " ".join(faults))
    return Hosts(hosts)
