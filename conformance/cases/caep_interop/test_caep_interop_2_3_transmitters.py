"""Requirements on every Transmitter: CAEP Interoperability Profile 1.0, section 2.3."""

import re
from collections.abc import Callable

import pytest

from conformance.judging import Needs, judges, observe, require, verify
from conformance.receiver.remote_transmitter import CONFLICT, RemoteTransmitter
from conformance.receiver.shown_values import delivery_of
from conformance.sets.contents import events_of

OAUTH = "urn:ietf:rfc:6749"
ENDPOINTS = {
    "CAEPIOP-2.3.4-CONFIG-ENDPOINT": "configuration_endpoint",
    "CAEPIOP-2.3.5-STATUS-ENDPOINT": "status_endpoint",
    "CAEPIOP-2.3.6-VERIFICATION-ENDPOINT": "verification_endpoint",
}
STATUSES = ("paused", "disabled", "enabled")

CREATES = Needs(model="explicit", operations=("create_stream",))
HAS_STREAM = Needs(model="explicit", stream=True)


@judges(
    "CAEPIOP-2.3.1-SPEC-VERSION",
    "CAEPIOP-2.3.2-DELIVERY-METHODS",
    "CAEPIOP-2.3.3-JWKS-URI",
)
def test_the_metadata_names_version_delivery_methods_and_keys(
    transmitter: RemoteTransmitter,
) -> None:
    """The metadata has spec_version 1_0 or newer, delivery_methods_supported and jwks_uri."""
    metadata = transmitter.metadata
    version = metadata.get("spec_version")
    verify(
        "CAEPIOP-2.3.1-SPEC-VERSION",
        isinstance(version, str) and re.fullmatch(r"[1-9][0-9]*_[0-9]+", version),
        expected="spec_version 1_0 or newer; a draft of it comes before it",
        got=version,
    )
    methods = metadata.get("delivery_methods_supported")
    verify(
        "CAEPIOP-2.3.2-DELIVERY-METHODS",
        isinstance(methods, list) and methods and all(isinstance(one, str) for one in methods),
        expected="delivery_methods_supported, an array of URIs",
        got=methods,
    )
    uri = metadata.get("jwks_uri")
    verify(
        "CAEPIOP-2.3.3-JWKS-URI",
        isinstance(uri, str) and uri,
        expected="jwks_uri, a URL",
        got=uri,
    )


@judges(*ENDPOINTS)
def test_the_metadata_names_the_endpoints(transmitter: RemoteTransmitter) -> None:
    """The metadata has the endpoints for configuration, status and verification."""
    for requirement, name in ENDPOINTS.items():
        named = transmitter.metadata.get(name)
        verify(requirement, isinstance(named, str) and named, expected=f"{name}, a URL", got=named)


@judges("CAEPIOP-2.3.7-AUTHZ-SCHEMES")
def test_the_metadata_says_that_oauth_authorizes(transmitter: RemoteTransmitter) -> None:
    """One of the authorization_schemes is OAuth 2.0."""
    schemes = transmitter.metadata.get("authorization_schemes")
    listed = schemes if isinstance(schemes, list) else []
    verify(
        "CAEPIOP-2.3.7-AUTHZ-SCHEMES",
        OAUTH in [one.get("spec_urn") for one in listed if isinstance(one, dict)],
        expected=f"an authorization scheme with spec_urn {OAUTH}",
        got=schemes,
    )


@judges(
    "CAEPIOP-2.3.4-CONFIG-ENDPOINT",
    "CAEPIOP-2.3.8.2-CREATE",
    "CAEPIOP-2.3.8.2-MULTI-STREAM",
    needs=CREATES,
)
def test_a_stream_is_created_at_the_configuration_endpoint(transmitter: RemoteTransmitter) -> None:
    """A POST with authorization at the configuration endpoint makes a stream."""
    with transmitter.creating(transmitter.usual_properties()) as (answer, stream):
        made = stream is not None or answer.status == CONFLICT
        verify(
            "CAEPIOP-2.3.4-CONFIG-ENDPOINT",
            answer.status not in {404, 405, 501},
            expected="a configuration endpoint that takes POST",
            got=answer.text,
        )
        verify("CAEPIOP-2.3.8.2-CREATE", made, expected="201 and a stream", got=answer.text)
        if stream is not None:
            with transmitter.another_stream() as other:
                if other is not None:
                    observe("CAEPIOP-2.3.8.2-MULTI-STREAM", "several streams for one Receiver")


@pytest.mark.parametrize("kind", ["push", "poll"])
@judges(
    "CAEPIOP-2.3.8.1-CREATE-BOTH-METHODS",
    "CAEPIOP-2.3.8.1-DELIVERY-PRESENT",
    needs=CREATES,
)
def test_a_stream_is_made_with_either_delivery_method(
    transmitter: RemoteTransmitter, kind: str
) -> None:
    """A stream can be made for push and for poll, and its configuration says which it has."""
    delivery = {"method": transmitter.profile.delivery.method(kind)}
    if kind == "push":
        delivery["endpoint_url"] = f"{transmitter.push_url}ssf-conformance"
    request = {**transmitter.usual_properties(), "delivery": delivery}
    with transmitter.creating(request) as (answer, stream):
        if answer.status == CONFLICT:
            return  # the Receiver already has its only stream
        method = None if stream is None else delivery_of(stream.configuration).get("method")
        verify(
            "CAEPIOP-2.3.8.1-CREATE-BOTH-METHODS",
            stream is not None and method in {None, delivery["method"]},
            expected=f"a stream with {delivery['method']}",
            got=answer.text,
        )
        if stream is not None:
            verify(
                "CAEPIOP-2.3.8.1-DELIVERY-PRESENT",
                method in {transmitter.profile.delivery.push, transmitter.profile.delivery.poll},
                expected="delivery, with one of the two methods",
                got=stream.configuration.get("delivery"),
            )


@judges("CAEPIOP-2.3.8.2-READ", "CAEPIOP-2.3.8.1-DELIVERY-PRESENT", needs=HAS_STREAM)
def test_a_stream_can_be_read(transmitter: RemoteTransmitter) -> None:
    """An authorized Receiver can read the configuration, alone and in the list."""
    with transmitter.new_stream() as stream:
        for answer in (stream.fetch(), transmitter.list_streams()):
            one = transmitter.configuration_in(answer)
            found = [one] if one else transmitter.configurations_in(answer)
            verify(
                "CAEPIOP-2.3.8.2-READ",
                answer.served and stream.id in [each.get("stream_id") for each in found],
                expected=f"the configuration of {stream.id}",
                got=answer.text,
            )
            for each in found if answer.served else ():
                verify(
                    "CAEPIOP-2.3.8.1-DELIVERY-PRESENT",
                    isinstance(each.get("delivery"), dict) and each["delivery"].get("method"),
                    expected="delivery, with one of the two methods",
                    got=each.get("delivery"),
                )


@judges(
    "CAEPIOP-2.3.5-STATUS-ENDPOINT",
    "CAEPIOP-2.3.5-STATUS-VALUES",
    "CAEPIOP-2.3.8.2-STATUS",
    needs=HAS_STREAM,
)
def test_the_status_is_read_and_set(transmitter: RemoteTransmitter) -> None:
    """The status endpoint shows the status of a stream and takes each of the three."""
    require(transmitter.offers("read_status"), "no status endpoint is known")
    with transmitter.new_stream() as stream:
        for wanted in STATUSES:
            answer = stream.send("update_status", body={"status": wanted})
            shown = stream.read_status()
            status = stream.status_in(shown).get("status")
            verify("CAEPIOP-2.3.8.2-STATUS", shown.served, expected="the status", got=shown.text)
            for one in (answer, shown):
                verify(
                    "CAEPIOP-2.3.5-STATUS-ENDPOINT",
                    one.status not in {404, 405, 501},
                    expected="a status endpoint that takes GET and POST",
                    got=one.text,
                )
            verify(
                "CAEPIOP-2.3.5-STATUS-VALUES",
                answer.status == 202 or (answer.served and status == wanted),
                expected=f"the status set to {wanted}",
                got=f"{answer.text}; then {shown.text}",
            )


@judges(
    "CAEPIOP-2.3.6-VERIFICATION-ENDPOINT",
    "CAEPIOP-2.3.8.2-VERIFY",
    # Judged with all SETs at the end. This case only raises one.
    "CAEPIOP-2.5-SUBJECT-FORMATS",
    needs=Needs(model="explicit", stream=True, sets=1, delivery="poll"),
)
def test_a_verification_event_can_be_asked_for(transmitter: RemoteTransmitter) -> None:
    """A request at the verification endpoint brings a Verification Event."""
    require(transmitter.offers("verify"), "no verification endpoint is known")
    event_type = transmitter.profile.sets.verification_event
    with transmitter.new_stream() as stream:
        answer = stream.verify()
        verify(
            "CAEPIOP-2.3.6-VERIFICATION-ENDPOINT",
            answer.served,
            expected="a request for verification to be taken",
            got=answer.text,
        )
        require(answer.served, "verification was refused")
        sets = stream.await_sets_that(lambda seen: any(map(_verifies(event_type), seen.values())))
        verify(
            "CAEPIOP-2.3.8.2-VERIFY",
            any(map(_verifies(event_type), sets.values())),
            expected="a Verification Event",
            got=f"{len(sets)} SETs, none of them",
        )


def _verifies(event_type: str) -> Callable[[str], bool]:
    return lambda token: event_type in events_of(token)
