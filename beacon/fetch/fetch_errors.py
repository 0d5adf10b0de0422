"""Why something could not be fetched."""

from __future__ import annotations

from beacon.core.errors import BeaconError


class FetchError(BeaconError):
    """A publisher did not give what it was asked for.

    Attributes:
        url: What was asked, without secrets.
        said: What went wrong, a sentence without the address.
        host_is_down: True when the host itself did not answer, so that asking it for something
            else is of no use in this run.
        gave_up: True when it was asked as often as it may be.
    """

    def __init__(
        self, url: str, said: str, *, host_is_down: bool = False, gave_up: bool = False
    ) -> None:
        self.url = url
        self.said = said
        self.host_is_down = host_is_down
        self.gave_up = gave_up
        super().__init__(f"{url}: {said}")


class NotConfiguredError(BeaconError):
    """A source that needs something of this installation that it does not have, such as a key."""
