"""The version that is installed."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Version of the installed package; "0+unknown" where its files were only copied."""
    try:
        return version("beacon")
    except PackageNotFoundError:
        return "0+unknown"
