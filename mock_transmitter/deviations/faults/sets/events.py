"""Faults of the events in SETs: RFC 8417 sections 1.2 to 2.2, SSF 1.0 section 4.2."""

from mock_transmitter.deviations.deviation import Json
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.documents import without
from mock_transmitter.deviations.kinds.sets import (
    ClaimsDeviation,
    EventsDeviation,
    TextDeviation,
    is_verification,
)
from mock_transmitter.domain.keys import compact_json

# An event of another type than the one that was raised.
MISNAMED = ("SSF-8.1.1-EVENTS-DELIVERED-SENT", "SSF-8.1.1-UNDELIVERED-NOT-SENT")
# Types that CAEP and RISC do not have.
UNKNOWN = ("CAEP-3-TYPE-URI-BASE", "RISC-2-TYPE-URI-BASE")
# The events of which RISC says that they have no attributes are objects nevertheless.
NO_OBJECT = (
    "RISC-2.1-CREDENTIAL-CHANGE-REQUIRED",
    "RISC-2.2-ACCOUNT-PURGED",
    "RISC-2.4-ACCOUNT-ENABLED",
    "RISC-2.8-OPT-STATE-EVENTS",
    "RISC-2.9-RECOVERY-ACTIVATED",
    "RISC-2.10-RECOVERY-INFO-CHANGED",
)
# Where the events can't be told, neither can what they tell of.
UNTOLD = (
    *MISNAMED,
    "SSF-8.1.4.2-204-MEANS-WILL-SEND",
    "SSF-8.1.4.2-NO-STATE-REQUEST",
)


@fault_at(
    ClaimsDeviation,
    breaks=("RFC8417-2-EVENTS-NONEMPTY",),
    also=(*UNTOLD, "SSE-7.1-SUBJECT-CHANGE-PAUSED", "SSE-7.1.4.2-STATE-ECHO"),
)
def set_tells_of_no_event(claims: Json) -> Json:
    """The events of every SET are an empty object."""
    return {**claims, "events": {}}


@fault_at(
    ClaimsDeviation,
    breaks=("RFC8417-2-EVENTS-NONEMPTY", "SSF-4.2.1-TYPE-IS-KEY"),
    also=(
        *UNTOLD,
        "SSF-8.1.3.1-COMPLEX-WILDCARD",
        "SSF-8.1.3.1-MATCHED-SENT",
        "SSF-7.1-DEFAULT-ALL-DELIVERS",
    ),
)
def set_events_are_an_array(claims: Json) -> Json:
    """The events of every SET are an array of objects with a type and a payload."""
    listed = [
        {"type": event_type, "payload": payload} for event_type, payload in claims["events"].items()
    ]
    return {**claims, "events": listed}


@fault_at(
    EventsDeviation, breaks=("RFC8417-1.2-EVENT-ID-URI", "SSF-4.2.1-TYPE-IS-KEY"), also=MISNAMED
)
def event_type_is_a_bare_name(event_type: str, payload: Json) -> Json:
    """The type of every event is its last word, and no URI."""
    return {event_type.rpartition("/")[2]: payload}


@fault
class EventTypeHasASerialNumber(EventsDeviation):
    """The type of an event ends in a number that grows with each one."""

    breaks = ("RFC8417-2.2-STABLE-IDS",)
    also = (
        *MISNAMED,
        *UNKNOWN,
        "SSE-7.1.1.1-PAUSED-HOLDS",
        "SSF-8.1.2.1-PAUSED-HOLDS",
        "SSF-8.1.5-TYPE-URI",
        "CAEPIOP-3.1-SESSION-REVOKED",
        "CAEPIOP-3.2-CREDENTIAL-CHANGE",
    )

    def __init__(self) -> None:
        self._count = 0

    def edit_event(self, event_type: str, payload: Json, iat: int) -> Json:
        self._count += 1
        return {f"{event_type}/{self._count}": payload}


@fault_at(
    EventsDeviation,
    breaks=("RFC8417-1.2-PAYLOAD-OBJECT", "SSF-4.2.1-TYPE-IS-KEY"),
    also=("SSE-11.1.2-SUBJECT-IN-PAYLOAD", *NO_OBJECT, "SSF-8.1.1-INACTIVITY-STREAM-UPDATED"),
)
def event_is_a_text(event_type: str, payload: Json) -> Json:
    """The payload of every event is a JSON text within a string."""
    return {event_type: compact_json(payload).decode()}


@fault_at(
    EventsDeviation,
    breaks=("RFC8417-2-EMPTY-PAYLOAD", "RFC8417-1.2-PAYLOAD-OBJECT", *NO_OBJECT),
    also=("SSF-4.2.1-TYPE-IS-KEY", "SSE-11.1.2-SUBJECT-IN-PAYLOAD", "SSE-7.1.5-STATUS"),
)
def event_with_nothing_to_say_is_null(event_type: str) -> Json:
    """The payload of every event is null."""
    return {event_type: None}


@fault_at(
    EventsDeviation,
    breaks=(
        "RFC8417-2.2-ONE-LOGICAL-EVENT",
        "SSF-4.2.1-SINGLE-EVENT",
        "SSF-4.2.1-MULTI-ONLY-ALIASES",
        "SSE-11.1.7-SINGLE-EVENT",
    ),
    also=(*MISNAMED, "CAEPIOP-2.8.1-SINGLE-EVENT"),
)
def set_tells_of_two_happenings(event_type: str, payload: Json, iat: int) -> Json:
    """Every SET bundles two events of different types, of different times."""
    before = {"urn:example:secevent:events:login": {**payload, "event_timestamp": iat - 3600}}
    return {event_type: payload, **before}


@fault_at(TextDeviation, "edit_claims", breaks=("RFC8417-2.2-NO-DUP-EVENT-IDS",))
def set_names_an_event_type_twice(text: str, claims: Json) -> str:
    """Every SET has its event type twice, with a payload each."""
    event_type = next(iter(claims["events"]))
    return text.replace('"events":{', f'"events":{{"{event_type}":{{}},', 1)


@fault_at(
    ClaimsDeviation,
    breaks=("SSF-3.1.2-NEW-TYPES-NO-PAYLOAD-SUBJECT",),
    also=(*MISNAMED, "SSF-8.1.2.1-PAUSED-HOLDS"),
)
def event_of_a_new_type_repeats_the_subject(claims: Json) -> Json:
    """Every event is of a type that neither CAEP nor RISC has, with the subject in its payload."""
    if any(is_verification(event_type) for event_type in claims["events"]):
        return claims
    payload = next(iter(claims["events"].values()))
    event = {**payload, "subject": claims.get("sub_id")}
    return {**claims, "events": {"urn:example:secevent:events:type_1": event}}


@fault_at(ClaimsDeviation, breaks=("SSF-3.1-SUBID-PRESENT", "SSE-11.1.2-SUBJECT-IN-PAYLOAD"))
def set_has_no_subject(claims: Json) -> Json:
    """No SET says whom it is about."""
    events = {
        event_type: without(payload, "subject") for event_type, payload in claims["events"].items()
    }
    return {**without(claims, "sub_id"), "events": events}
