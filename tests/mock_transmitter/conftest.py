"""Mocks of each profile, in process, and what their tokens hold."""

import pytest
from in_process_mock import Mock, decoded

CAEP = "https://schemas.openid.net/secevent/caep/event-type"


@pytest.fixture
def mock():
    return Mock


@pytest.fixture
def ssf():
    return Mock("ssf-1.0")


@pytest.fixture
def jamf():
    return Mock("jamf")


@pytest.fixture
def avnology():
    return Mock("avnology")


@pytest.fixture
def claims():
    return lambda token: decoded(token)[1]


@pytest.fixture
def header():
    return lambda token: decoded(token)[0]


@pytest.fixture
def types():
    """Return the first three of the supported event types."""
    return [
        f"{CAEP}/session-revoked",
        f"{CAEP}/credential-change",
        f"{CAEP}/device-compliance-change",
    ]
