"""The only fixture of the cases, and a check that there is a target."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Stop at once with a clear message if there is no target."""
    # Runs of the command line don't have this option.
    if config.getoption("--ssf-target", default="") is None:
        raise pytest.UsageError(
            "the cases judge a Transmitter: give --ssf-target ISSUER_URL, a target.toml, or mock"
        )


@pytest.fixture(scope="session")
def transmitter() -> None:
    """Stand in for the target. The run gives each case its own."""
