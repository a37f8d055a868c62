"""The one fixture of the cases, and what they need to run."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Say at once what is missing where no target is given."""
    # The command line's own runs know no such option.
    if config.getoption("--ssf-target", default="") is None:
        raise pytest.UsageError(
            "the cases judge a Transmitter: give --ssf-target ISSUER_URL, a target.toml, or mock"
        )


@pytest.fixture(scope="session")
def transmitter() -> None:
    """Stand for the target: the run gives each case its own."""
