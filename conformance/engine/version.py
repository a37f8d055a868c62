"""The version of the installed suite."""

from importlib.metadata import PackageNotFoundError, version


def suite_version() -> str:
    """Return the version of the installed suite; `0+unknown` where it is not installed."""
    try:
        return version("ssf-conformance")
    except PackageNotFoundError:
        return "0+unknown"
