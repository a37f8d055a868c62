"""Variants of the one implicit stream: the 2021 draft's section 7.1.2."""

import json
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import variant, variant_at
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import (
    ShownConfiguration,
    with_body,
    with_configurations,
    with_header,
    without,
)
from mock_transmitter.domain.errors import InvalidRequest, StreamExists
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome

POST_UPDATES = ("JAMF-POST-UPDATES", "SSE-7.1.2.2-POST-UPDATES-200")
NOT_MERGED = ("JAMF-REQUIRED-NOT-MERGED", "SSE-7.1.2.2-PARTIAL-NOT-MERGED")
READ_MODIFY_WRITE = ("JAMF-READ-MODIFY-WRITE", "SSE-7.1.2.2-RO-MATCH-OK")

REGISTERED_FORMATS = frozenset({"email", "iss_sub"})


@variant
class DeletedFormatIsNull(Deviation):
    """A stream without a format shows it as null, and takes null for leaving it out."""

    exercises = ("JAMF-FORMAT-DELETABLE", "SSE-7.1.2.2-MISSING-DELETES")

    def request(self, request: Request, at: At) -> Request:
        try:
            body = json.loads(request.body)
        except ValueError:
            return request
        if not isinstance(body, dict) or body.get("format", "") is not None:
            return request
        return replace(request, body=json.dumps(without(body, "format")).encode())

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        return with_configurations(
            proceed(call), lambda document: {"format": None, **document}, needs="delivery"
        )


@variant_at(
    "operation", on=("replace_stream",), exercises=("SSE-7.1.2-FORMAT", "JAMF-POST-UPDATES")
)
def formats_that_are_not_known_are_refused(call: Call, proceed: Proceed) -> Outcome:
    """A POST with a subject identifier format other than email and iss_sub is refused with 400."""
    wish = call.body.get("format")
    if wish not in {None, *REGISTERED_FORMATS}:
        raise InvalidRequest("this format is not known here", "format")
    return proceed(call)


@variant_at(
    "operation", on=("replace_stream",), exercises=("SSE-7.1.2-FORMAT", "JAMF-POST-UPDATES")
)
def formats_that_are_not_known_are_left_out(call: Call, proceed: Proceed) -> Outcome:
    """A POST with another format than email and iss_sub is taken as one without a format."""
    wish = call.body.get("format")
    if wish not in {None, *REGISTERED_FORMATS}:
        call = replace(call, body=without(call.body, "format"))
    return proceed(call)


@variant_at(ShownConfiguration, exercises=POST_UPDATES)
def events_are_shown_in_alphabetical_order(document: Json) -> Json:
    """The arrays of event types are shown in alphabetical order."""
    names = ("events_supported", "events_requested", "events_delivered")
    return document | {name: sorted(document[name]) for name in names if name in document}


@variant_at(
    "operation", on=("replace_stream",), exercises=(*POST_UPDATES, "JAMF-DELIVERED-INTERSECTION")
)
def unknown_events_are_left_out_of_the_implicit_stream(call: Call, proceed: Proceed) -> Outcome:
    """The implicit stream shows only those of the requested types that are supported."""
    if not call.transmitter.explicit:
        requested = call.body.get("events_requested", ())
        known = [uri for uri in requested if uri in call.transmitter.supported]
        call = with_body(call, events_requested=known) if requested else call
    return proceed(call)


@variant_at("operation", exercises=("JAMF-DELIVERY-METHOD", "SSE-7.1.2-DELIVERY"))
def authorization_header_is_masked(call: Call, proceed: Proceed) -> Outcome:
    """A delivery with an authorization_header shows asterisks in its place."""
    outcome = proceed(call)
    stream = target(call)
    if stream is None or stream.configuration.delivery.authorization_header is None:
        return outcome
    mask = {"authorization_header": "********"}
    return with_configurations(
        outcome,
        lambda document: {**document, "delivery": {**document["delivery"], **mask}},
        needs="delivery",
    )


@variant_at("operation", on=("replace_stream",), exercises=NOT_MERGED)
def missing_events_are_deleted_and_not_refused(call: Call, proceed: Proceed) -> Outcome:
    """A POST without events_requested is taken, and leaves none requested."""
    partial = "events_requested" not in call.body and not call.transmitter.explicit
    if partial:
        call = with_body(call, events_requested=[])
    return proceed(call)


@variant
class StaleRevisionsAreRefused(Deviation):
    """A configuration shows its revision, and a POST with an older revision is refused with 409."""

    exercises = READ_MODIFY_WRITE

    def __init__(self) -> None:
        self._revisions: dict[str, int] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        current = self._revisions.get(call.audience, 0)
        if call.operation == "replace_stream":
            if call.body.get("revision", current) != current:
                raise StreamExists("somebody else was faster: read it again")
            outcome = proceed(call)
            current = self._revisions[call.audience] = current + 1
        else:
            outcome = proceed(call)
        return with_configurations(outcome, lambda document: {**document, "revision": current})


@variant
class EveryAnswerShowsWhenItWasMade(Deviation):
    """A configuration has a member that differs each time that it is shown."""

    exercises = (*POST_UPDATES, *READ_MODIFY_WRITE)

    def __init__(self) -> None:
        self._answers = 0

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._answers += 1
        shown_as = {"answer_number": self._answers}
        return with_configurations(proceed(call), lambda document: document | shown_as)


@variant_at("response", exercises=("SSE-7.1.2.2-ERR-400", "JAMF-RO-MUST-MATCH"))
def errors_are_problem_details(response: Response, at: At) -> Response:
    """An error answer is a problem detail of RFC 9457."""
    if at.operation != "replace_stream" or response.status < 400:
        return response
    problem = json.dumps({"type": "about:blank", "status": response.status}).encode()
    answer = replace(response, body=problem)
    return with_header(answer, "content-type", "application/problem+json")


@variant
class AudNamesTwoAudiences(Deviation):
    """aud is an array of two audiences, in configurations and SETs."""

    exercises = ("JAMF-AUD-READ-ONLY", "SSE-7.1.2-AUD")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show both, and take both in any order."""
        stream = target(call)
        given = call.body.get("aud")
        if stream is not None and isinstance(given, list):
            expected = {*_both(stream.configuration.aud)}
            if set(map(str, given)) != expected:
                raise InvalidRequest("aud has another value", "aud")
            call = replace(call, body=without(call.body, "aud"))
        return with_configurations(
            proceed(call), lambda document: {**document, "aud": _both(document["aud"])}, needs="aud"
        )

    def claims(self, claims: Json, at: At) -> Json:
        return {**claims, "aud": _both(claims["aud"])}


def _both(audience: str) -> list[str]:
    return [audience, f"{audience}/mobile"]
