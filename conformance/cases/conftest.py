"""The one fixture of the cases."""

import pytest


@pytest.fixture(scope="session")
def transmitter() -> None:
    """Stand for the target: the run gives each case its own."""
