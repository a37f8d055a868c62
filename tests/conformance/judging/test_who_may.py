"""What the cases about limited and second Receivers make of answers that the mock doesn't give."""

import contextlib
import dataclasses
import re

import httpx
import pytest
from helpers import record, transmitter_of

from conformance.cases.ssf import test_ssf_8_1_2_status as statuses
from conformance.cases.ssf import test_ssf_8_1_4_verification as verification
from conformance.cases.ssf import test_ssf_8_authorization as authorization
from conformance.cases.ssf import test_ssf_8_two_receivers as two_receivers
from conformance.engine import bundled
from conformance.judging.checks import recording
from conformance.judging.foreign_access import is_shown, near
from conformance.judging.metadata import risc_location, unknown_issuer
from conformance.judging.public_keys import PUBLIC, verify_public
from conformance.judging.record import Nonconformance
from conformance.receiver.preconditions import Blocked
from conformance.spec.profile_files import load_profile
from conformance.target.credentials import Bearer


class Answering(httpx.BaseTransport):
    """Answers what comes with some Authorization by itself, and leaves the rest to the mock."""

    def __init__(self, transport, authorizations, status, document):
        self.transport = transport
        self.authorizations = authorizations
        self.answer = (status, document)

    def handle_request(self, request):
        if request.headers.get("authorization") not in self.authorizations:
            return self.transport.handle_request(request)
        status, document = self.answer
        return httpx.Response(status, json=document, request=request)


def leased(*deviations):
    target = bundled.target_of(load_profile("ssf-1.0"))
    return bundled.leases(target, seed=0, active=deviations)("a test")


def judged(function, requirement, *, receiver=None, status, document=None, **parameters):
    """Run a case where one credential gets this answer; say how loud the breach is.

    It is a Receiver's, or without one any that is malformed.
    """
    lease = leased()
    credential = getattr(lease.target, receiver)["management"] if receiver else None
    malformed = tuple(authorization.MALFORMED.values())
    carried = malformed if credential is None else (f"Bearer {credential.token}",)
    answer = {"error": "x"} if document is None else document
    transport = Answering(lease.transport, carried, status, answer)
    transmitter = transmitter_of(lease.target, transport)
    case = record(**{requirement: "fail"})
    case.ids |= {*authorization.ERR_403.values(), "SSF-8.1.1.1-ERR-403"}
    case.ids |= {*authorization.CLOSED, *authorization.CLOSED_POLLING}
    case.recorder = transmitter.recorder
    with recording(case):
        try:
            function(transmitter=transmitter, **parameters)
        except Nonconformance:
            return str(case.judgement(requirement).worst().grade)
    assert case.judgement(requirement).checks
    return "passed"


@pytest.mark.parametrize(
    ("status", "loud"),
    [(403, "passed"), (401, "warn"), (404, "warn"), (400, "warn"), (200, "fail"), (500, "fail")],
)
@pytest.mark.parametrize("operation", authorization.ERR_403)
def test_another_refusal_than_403_warns_and_anything_else_fails(operation, status, loud):
    assert loud == judged(
        authorization.test_management_is_forbidden_to_a_receiver_that_may_not,
        authorization.ERR_403[operation],
        receiver="limited_receiver",
        status=status,
        operation=operation,
    )


@pytest.mark.parametrize(
    ("status", "loud"), [(403, "passed"), (401, "warn"), (201, "fail"), (503, "fail")]
)
def test_a_create_that_is_not_allowed_is_held_to_403_too(status, loud):
    assert loud == judged(
        authorization.test_no_stream_is_made_for_a_receiver_that_may_not,
        "SSF-8.1.1.1-ERR-403",
        receiver="limited_receiver",
        status=status,
    )


@pytest.mark.parametrize(
    ("status", "document", "loud"),
    [
        (401, None, "passed"),
        (403, None, "passed"),
        (404, None, "passed"),
        (200, None, "warn"),
        (200, [], "warn"),
        (200, [{"description": "of the first Receiver"}], "fail"),
        (404, {"message": "of the first Receiver"}, "fail"),
    ],
)
def test_every_refusal_of_another_receiver_will_do_and_no_answer_may_tell_of_the_stream(
    status, document, loud
):
    assert loud == judged(
        two_receivers.test_a_stream_is_closed_to_another_receiver,
        "SSF-8-AUTH-BINDS-STREAMS",
        receiver="second_receiver",
        status=status,
        document=document,
        operation="read_stream",
    )


@pytest.mark.parametrize(
    ("status", "document", "loud"),
    [
        (404, None, "passed"),
        (200, None, "warn"),
        (200, {"status": "enabled"}, "fail"),
        (403, {"stream_id": "x", "status": "paused"}, "fail"),
        (403, {"title": "Forbidden", "status": 403}, "passed"),
    ],
)
def test_no_refusal_of_another_receiver_may_tell_the_status(status, document, loud):
    assert loud == judged(
        two_receivers.test_a_stream_is_closed_to_another_receiver,
        "SSF-8-AUTH-BINDS-STREAMS",
        receiver="second_receiver",
        status=status,
        document=document,
        operation="read_status",
    )


@pytest.mark.parametrize(("status", "loud"), [(400, "passed"), (401, "passed"), (200, "fail")])
@pytest.mark.parametrize("credential", authorization.MALFORMED)
@pytest.mark.parametrize("requirement", ["SSF-8-HTTP-AUTH", "SSF-7.1.1-POLL-PROTECTED"])
def test_any_refusal_of_a_malformed_credential_will_do(requirement, credential, status, loud):
    assert loud == judged(
        authorization.test_a_credential_that_is_not_quite_right_opens_nothing,
        requirement,
        status=status,
        credential=credential,
    )


@pytest.mark.parametrize("own", ["x", "ab", "a-token-of-some-length", "AAAAAAAA"])
def test_a_token_that_is_near_to_the_own_one_is_another(own):
    spoilt = [one.token for one in near(Bearer(own)).values()]
    assert own not in spoilt
    assert len(set(spoilt)) == 3


@pytest.mark.parametrize(
    ("key_set", "places"),
    [
        ({"keys": [{"kty": "EC", "x": "AQ", "y": "AQ"}]}, []),
        ({"keys": [{"kty": "EC", "d": "AQ"}]}, ["/keys/0/d"]),
        ({"keys": [], "old": [{"kty": "oct", "k": "AQ"}]}, ["/old/0/k"]),
        ({"keys": [{"kty": "RSA", "pem": "-----BEGIN RSA PRIVATE KEY-----"}]}, ["/keys/0/pem"]),
        ({"keys": [{"kty": "EC", "x5c": ["MIIB"]}], "d": "a description"}, []),
    ],
)
def test_a_private_key_is_found_wherever_it_stands(key_set, places):
    case = record(**{PUBLIC: "fail"})
    with recording(case):
        verify_public(key_set)
        if places:
            with pytest.raises(Nonconformance, match=re.escape(repr(places))):
                case.end_example()
    assert case.breached is bool(places)


class Closed(httpx.BaseTransport):
    """Answers every status update with one code, and leaves the rest to the mock."""

    def __init__(self, transport, status):
        self.transport = transport
        self.status = status

    def handle_request(self, request):
        if request.method == "POST" and request.url.path.endswith("status"):
            return httpx.Response(self.status, json={"error": "x"}, request=request)
        return self.transport.handle_request(request)


@pytest.mark.parametrize(("status", "breached"), [(403, False), (409, True), (500, True)])
def test_who_may_set_no_status_at_all_has_nothing_to_be_judged(status, breached):
    lease = leased()
    transmitter = transmitter_of(lease.target, Closed(lease.transport, status))
    case = record(**{"SSF-8.1.2.2-UPDATE-200": "fail"})
    case.ids |= {*statuses.SHOWN, *statuses.UPDATE_200}
    with recording(case), contextlib.suppress(Nonconformance):
        statuses.test_each_status_can_follow_each(
            transmitter=transmitter, before="enabled", after="enabled"
        )
    assert case.breached is breached


def test_what_was_sent_with_the_call_is_nothing_that_the_answer_tells():
    lease = leased()
    transmitter = transmitter_of(lease.target, lease.transport)
    with transmitter.new_stream(description="mine") as stream:
        answer = stream.fetch()
        configuration = stream.read()
    assert is_shown(configuration, answer, None)
    assert is_shown(configuration, answer, {"description": "mine"})
    assert not is_shown(configuration, answer, configuration)


def test_an_interval_beyond_the_patience_is_not_waited_for():
    lease = leased()
    hooks = {name: hook for name, hook in lease.target.hooks.items() if "clock" not in name}
    limits = dataclasses.replace(lease.target.limits, patience_s=5)
    target = dataclasses.replace(lease.target, hooks=hooks, limits=limits)
    transmitter = transmitter_of(target, lease.transport)
    case = record(**{"SSF-8.1.1-MIN-VERIF-NO-429-WHEN-SLOW": "warn"})
    with recording(case), pytest.raises(Blocked, match="31 s"):
        verification.test_a_receiver_that_keeps_to_the_interval_gets_no_429(transmitter=transmitter)


def test_other_locations_of_metadata_keep_the_issuers_path():
    lease = leased()
    transmitter = transmitter_of(lease.target, lease.transport)
    host = "https://transmitter.invalid/.well-known"
    assert transmitter.discovery_url == f"{host}/ssf-configuration/tenant"
    assert risc_location(transmitter) == f"{host}/risc-configuration/tenant"
    assert unknown_issuer(transmitter).startswith(f"{host}/ssf-configuration/tenant/")
