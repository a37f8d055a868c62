"""Faults of credentials that show at several endpoints, or in several requests, only.

SSF 1.0 section 8, CAEP Interoperability Profile 1.0 section 2.7.3, RFC 7517 section 9.2.
"""

from abc import ABC
from dataclasses import replace
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.faults.authorisation.access import LimitedDeviation, RefusedAndDone
from mock_transmitter.deviations.faults.authorisation.oauth import owner_of
from mock_transmitter.http.authorisation import Decision, Denied, Granted
from mock_transmitter.http.message import Request
from mock_transmitter.http.operations import Call, Outcome, Reply

HTTP_AUTH = ("SSF-8-HTTP-AUTH", "SSE-8-OAUTH-BEARER", "JAMF-BEARER")


class _DoneWithoutAToken(Deviation, ABC):
    """Performs some operations without a token, and answers with 401."""

    DONE: ClassVar[frozenset[str]]
    also = ("RFC9110-15.5.2-401-CHALLENGE", "RFC6750-3-BEARER-CHALLENGE")

    def __init__(self) -> None:
        self._refused = False

    def authorisation(self, decision: Decision, at: At) -> Decision:
        self._refused = at.access.token is None and at.access.operation in self.DONE
        return Granted(at.access.receivers[0]) if self._refused else decision

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not self._refused or not isinstance(outcome, Reply):
            return outcome
        return self.refusal(outcome)

    def refusal(self, outcome: Reply) -> Reply:
        """Return the answer."""
        return Reply(status=401)


fault_row(
    "verification-is-refused-and-done",
    "A verification request without a token is answered with 401, and the event comes.",
    _DoneWithoutAToken,
    DONE=frozenset({"verify"}),
    breaks=HTTP_AUTH,
)
fault_row(
    "subjects-are-refused-and-chosen",
    "Subjects are added and removed without a token, and the answer is 401.",
    _DoneWithoutAToken,
    DONE=frozenset({"add_subject", "remove_subject"}),
    breaks=("SSF-8-HTTP-AUTH",),
)


@fault
class TheRefusalShowsTheStream(_DoneWithoutAToken):
    """A stream that is read without a token is shown, with the status 401."""

    breaks = ("SSF-8-HTTP-AUTH",)
    DONE = frozenset({"read_stream"})

    def refusal(self, outcome: Reply) -> Reply:
        return replace(outcome, status=401)


fault_row(
    "forbidden-subjects-are-chosen",
    "Adding and removing subjects with a token that may not is answered with 403, and done.",
    RefusedAndDone,
    GRANTED=frozenset({"add_subject", "remove_subject"}),
    breaks=("SSF-8.1.3.2-ERR-403", "SSF-8.1.3.3-ERR-403"),
)
fault_row(
    "limited-tokens-verify-streams",
    "A token that may not manage streams can have them verified, and do nothing else.",
    LimitedDeviation,
    GRANTED=frozenset({"verify"}),
    breaks=("CAEPIOP-2.7.3-TOKEN-SUFFICIENT",),
)


@fault_at(
    "authorisation", breaks=HTTP_AUTH, also=("SSF-7.1.1-POLL-PROTECTED", "RFC8936-2-UNACKED-KEPT")
)
def the_first_half_of_a_token_is_enough(decision: Decision, at: At) -> Decision:
    """A token is known by its first half, whatever follows, and if nothing does."""
    if not isinstance(decision, Denied) or at.access.token is None:
        return decision
    for receiver in at.access.receivers:
        own = receiver.management_token
        if at.access.token.startswith(own[: len(own) // 2]):
            return Granted(receiver)
    return decision


class _AtSomeEndpoints(Deviation, ABC):
    """Accepts ended or insufficient tokens of the authorization server at some endpoints."""

    TAKEN: ClassVar[frozenset[str]] = frozenset({"verify", "update_status", "add_subject"})
    ENDED: ClassVar[str | None]

    def authorisation(self, decision: Decision, at: At) -> Decision:
        grant = at.access.grant
        if grant is None or grant.ended != self.ENDED or at.access.operation not in self.TAKEN:
            return decision
        return Granted(owner_of(at.access))


fault_row(
    "expired-tokens-are-served-at-some-endpoints",
    "An access token that has expired is good for status, verification and subjects still.",
    _AtSomeEndpoints,
    ENDED="has expired",
    breaks=("CAEPIOP-2.7.3-TOKEN-VALIDITY", *HTTP_AUTH),
    also=("RFC6750-3.1-INVALID-TOKEN",),
)
fault_row(
    "revoked-tokens-are-served-at-some-endpoints",
    "An access token that was revoked is good for making streams.",
    _AtSomeEndpoints,
    TAKEN=frozenset({"create_stream"}),
    ENDED="was revoked",
    breaks=("CAEPIOP-2.7.3-TOKEN-VALIDITY", "SSF-8-HTTP-AUTH"),
    also=("RFC6750-3.1-INVALID-TOKEN",),
)
fault_row(
    "tokens-for-reading-verify-streams",
    "With ssf.read streams can be verified, and their subjects chosen.",
    _AtSomeEndpoints,
    TAKEN=frozenset({"verify", "add_subject", "remove_subject"}),
    ENDED=None,
    breaks=("CAEPIOP-2.7.3-TOKEN-SUFFICIENT",),
)


@fault_at("request", breaks=("CAEPIOP-2.7.3-NO-QUERY-TOKEN",))
def status_takes_access_tokens_from_the_query(request: Request) -> Request:
    """Where the status is read or set, an access token in the query is as good as in the header."""
    query = dict(parse_qsl(request.query))
    token = query.pop("access_token", None)
    if token is None or not request.path.endswith("status"):
        return request
    header = ("authorization", f"Bearer {token}")
    target = f"{request.path}?{urlencode(query)}"
    return replace(request, target=target, headers=(*request.headers, header))


@fault
class ThePrivateKeyIsPublishedLater(Deviation):
    """The key set holds the private key from its second reading on."""

    breaks = ("RFC7517-9.2-NO-PRIVATE-KEYS",)

    def __init__(self) -> None:
        self._readings = 0

    def key_set(self, key_set: Json, at: At) -> Json:
        self._readings += 1
        if self._readings == 1:
            return key_set
        return {**key_set, "keys": [{**one, "d": "AQ"} for one in key_set["keys"]]}


@fault_at("key_set", breaks=("RFC7517-9.2-NO-PRIVATE-KEYS",))
def the_private_key_is_published_as_pem(key_set: Json) -> Json:
    """The key set holds the private key as PEM, in a member that no text defines."""
    pem = "-----BEGIN PRIVATE KEY-----\nAQ==\n-----END PRIVATE KEY-----"
    return {**key_set, "keys": [{**one, "pem": pem} for one in key_set["keys"]]}
