"""Where Beacon keeps the files it ships beside its code."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from beacon.core.errors import BeaconError

ResourceName = Literal["sql", "reference_data", "expectations"]

_PACKAGE = Path(__file__).resolve().parent.parent


class ResourceNotFoundError(BeaconError):
    """A folder that ships with Beacon is not in this installation."""


def resource_dir(name: ResourceName) -> Path:
    """The folder of one kind of resource.

    The checkout's own folder comes first, so that an edit to a query is used at once; a wheel has
    none beside its package and carries a copy inside it, under `beacon/_resources`.

    Args:
        name: One of "sql", "reference_data", "expectations".

    Returns:
        An existing directory.

    Raises:
        ResourceNotFoundError: The name is unknown, or the installation lacks the folder.
    """
    if name not in get_args(ResourceName):
        known = ", ".join(get_args(ResourceName))
        raise ResourceNotFoundError(f"There is no resource folder {name!r}; there are: {known}.")
    root = _PACKAGE.parent
    # pyproject.toml tells a checkout from site-packages, where a stray `sql` could be anyone's.
    if (root / "pyproject.toml").is_file() and (root / name).is_dir():
        return root / name
    bundled = _PACKAGE / "_resources" / name
    if bundled.is_dir():
        return bundled
    raise ResourceNotFoundError(
        f"The folder {name!r} is neither beside the package (a checkout) nor inside it (a wheel). "
        "Install Beacon again from a complete wheel or run it from a checkout."
    )
