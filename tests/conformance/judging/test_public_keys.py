"""Which key set a SET is judged by: keys rotate in the middle of a run."""

import json

import pytest
from golden_sets import token
from helpers import mock

from conformance.sets import jws
from conformance.sets.contents import header_of


def asked(transmitter, method, url):
    return transmitter.connection.http.send(method, url, {}, None, timeout_s=5)


def rotate(transmitter):
    control = f"{transmitter.issuer.rstrip('/')}/_control/keys"
    before = json.loads(asked(transmitter, "GET", control).body)["signing"]
    asked(transmitter, "POST", control)
    return f"{control}/{before}"


def verified(transmitter, token_):
    return jws.verify(jws.read(token_), transmitter.key_set_for(token_)).key is not None


@pytest.fixture
def transmitter():
    return mock("ssf-1.0")


def test_one_key_takes_one_look_at_the_key_set(transmitter):
    with transmitter.new_stream() as stream:
        stream.obtain_sets(3)
        exchanges = [one.operation for one in transmitter.recorder.exchanges]
    assert len(transmitter.connection.key_sets) == 1
    assert "read_key_set" not in exchanges


def test_a_set_is_judged_by_the_keys_of_the_time_when_it_came(transmitter):
    with transmitter.new_stream() as stream:
        (first,) = stream.obtain_sets().values()
        withdrawn = rotate(transmitter)
        assert asked(transmitter, "DELETE", withdrawn).status == 204
        (second,) = set(stream.obtain_sets().values()) - {first}
    assert header_of(first)["kid"] != header_of(second)["kid"]
    assert len(transmitter.connection.key_sets) == 2
    assert verified(transmitter, first)
    assert verified(transmitter, second)


def test_a_kid_that_the_key_set_still_has_not_is_of_no_key(transmitter):
    unknown = token("a key that was never published")
    assert not verified(transmitter, unknown)
    assert len(transmitter.connection.key_sets) == 1
    transmitter.key_set_for(unknown)
    assert len(transmitter.connection.key_sets) == 2


def test_without_a_kid_the_key_is_one_that_verifies():
    transmitter = mock("ssf-1.0", "only-key-has-no-kid")
    with transmitter.new_stream() as stream:
        (first,) = stream.obtain_sets().values()
        rotate(transmitter)
        (second,) = set(stream.obtain_sets().values()) - {first}
    assert len(transmitter.connection.key_sets) == 2
    assert verified(transmitter, first)
    assert verified(transmitter, second)


@pytest.mark.parametrize("name", ["two parts", "encrypted token", "none", "NONE in capitals"])
def test_a_token_that_no_key_can_verify_is_not_looked_for_twice(transmitter, name):
    for _ in range(2):
        assert transmitter.key_set_for(token(name))["keys"]
    assert len(transmitter.connection.key_sets) == 1


def test_a_key_set_that_can_not_be_had_is_not_asked_for_again(transmitter):
    transmitter.connection.metadata = {}
    for _ in range(2):
        assert transmitter.key_set_for(token("ES256")) is None
    assert transmitter.connection.key_sets == [None]
