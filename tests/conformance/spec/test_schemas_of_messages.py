"""The schemas of the messages: all there, whole, as strict as their texts and no stricter."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from golden_documents import ALL_EXAMPLES, BREAKS, name_of

from conformance.judging.message_shape import requirements_of
from conformance.spec import schema

WIRE = sorted(
    path.relative_to(schema.schema_root()).as_posix()
    for path in schema.schema_root().glob("*/*.json")
    if path.parent.name != "ours"
)

# Each message that a text of the management API shows, with the text and its figure.
MESSAGES = {
    "ssf/transmitter-configuration.json": "SSF 1.0, figure 19",
    "ssf/create-stream-request.json": "SSF 1.0, figure 21",
    "ssf/stream-configuration.json": "SSF 1.0, figure 22",
    "ssf/stream-configurations.json": "SSF 1.0, figure 26",
    "ssf/update-stream-request.json": "SSF 1.0, figure 29",
    "ssf/replace-stream-request.json": "SSF 1.0, figure 31",
    "ssf/stream-status.json": "SSF 1.0, figure 36",
    "ssf/update-stream-status-request.json": "SSF 1.0, figure 37",
    "ssf/add-subject-request.json": "SSF 1.0, figure 40",
    "ssf/remove-subject-request.json": "SSF 1.0, figure 42",
    "ssf/verification-request.json": "SSF 1.0, figure 44",
    "sse/transmitter-configuration.json": "SSE Framework 1.0 (2021-06), figure 11",
    "sse/stream-status.json": "SSE Framework 1.0 (2021-06), figure 14",
    "sse/update-stream-status-request.json": "SSE Framework 1.0 (2021-06), figure 17",
    "sse/stream-configuration.json": "SSE Framework 1.0 (2021-06), figure 21",
    "sse/replace-stream-request.json": "SSE Framework 1.0 (2021-06), figure 22",
    "sse/add-subject-request.json": "SSE Framework 1.0 (2021-06), figure 25",
    "sse/remove-subject-request.json": "SSE Framework 1.0 (2021-06), figure 27",
    "sse/verification-request.json": "SSE Framework 1.0 (2021-06), figure 29",
    "rfc8935/error-response.json": "RFC 8935, figure 3",
    "rfc8936/poll-request.json": "RFC 8936, figure 1",
    "rfc8936/poll-response.json": "RFC 8936, figure 6",
    "vendor/events-ack-request.json": "Vendor page, events:ack",
}

# Each format with the schema that knows it and the id of an identifier that has nothing else.
FORMATS = [
    ("rfc9493/subject-identifier.json", "account", "RFC9493-3-REQUIRED-MEMBERS"),
    ("rfc9493/subject-identifier.json", "email", "RFC9493-3-REQUIRED-MEMBERS"),
    ("rfc9493/subject-identifier.json", "iss_sub", "RFC9493-3-REQUIRED-MEMBERS"),
    ("rfc9493/subject-identifier.json", "opaque", "RFC9493-3-REQUIRED-MEMBERS"),
    ("rfc9493/subject-identifier.json", "phone_number", "RFC9493-3-REQUIRED-MEMBERS"),
    ("rfc9493/subject-identifier.json", "did", "RFC9493-3-REQUIRED-MEMBERS"),
    ("rfc9493/subject-identifier.json", "uri", "RFC9493-3-REQUIRED-MEMBERS"),
    ("rfc9493/subject-identifier.json", "aliases", "RFC9493-3-REQUIRED-MEMBERS"),
    ("ssf/subject.json", "jwt_id", "SSF-3.5.1-JWTID-MEMBERS"),
    ("ssf/subject.json", "saml_assertion_id", "SSF-3.5.2-SAML-MEMBERS"),
    ("ssf/subject.json", "ip-addresses", "SSF-3.5.3-IPADDR-MEMBERS"),
    ("ssf/subject.json", "complex", "SSF-3.3-COMPLEX-FORMAT"),
    ("sse/subject.json", "jwt-id", "SSE-3.4.1-JWT-ID"),
    ("sse/subject.json", "saml-assertion-id", "SSE-3.4.2-SAML"),
]

NESTED = [
    (outer, form, requirement)
    for outer in ("ssf/subject.json", "sse/subject.json")
    for name, form, requirement in FORMATS
    if name in {outer, "rfc9493/subject-identifier.json"} and form != "complex"
]


class Departure(NamedTuple):
    """An example that breaks a rule of the text which shows it, and why."""

    source: str
    schema: str
    document: Any
    breaches: set[tuple[str, str, str]]
    why: str


DEPARTURES = [
    Departure(
        "SSE Framework 1.0 (2021-06), figure 22",
        "sse/replace-stream-request.json",
        {
            "iss": "https://tr.example.com",
            "aud": ["http://receiver.example.com/web", "http://receiver.example.com/mobile"],
            "delivery": {
                "delivery_method": "https://schemas.openid.net/secevent/risc/delivery-method/push",
                "url": "https://receiver.example.com/events",
            },
            "events_requested": [
                "urn:example:secevent:events:type_2",
                "urn:example:secevent:events:type_3",
                "urn:example:secevent:events:type_4",
            ],
        },
        {("/delivery", "required", "SSE-7.1.2.2-ERR-400")},
        "it spells method and endpoint_url of section 11.2.1 as delivery_method and url",
    ),
    Departure(
        "Vendor page, events:poll, the response",
        "rfc8936/poll-response.json",
        {
            "sets": {
                "jti-1": "eyJhbGciOi...jwt-of-set-1...",
                "jti-2": "eyJhbGciOi...jwt-of-set-2...",
            }
        },
        {
            ("/sets/jti-1", "pattern", "RFC8417-2.4-JWT-FORM"),
            ("/sets/jti-2", "pattern", "RFC8417-2.4-JWT-FORM"),
        },
        "its SETs are shortened with dots",
    ),
]

STREAM_NOT_NAMED = {"SSF-8.1.1.3-PATCH-STREAMID-REQUIRED", "SSF-8.1.1.4-PUT-STREAMID-REQUIRED"}

STREAM_ID = "f67e39a0a4d34d56b3aa1bc4cff0069f"
EMAIL = {"format": "email", "email": "user@example.com"}
TENANT = {"tenant": {"format": "opaque", "id": "1"}}
TENANT_OF_SSF = {"format": "complex", **TENANT}

# What no example shows and the texts allow nevertheless.
ALLOWED = [
    ("ssf/stream-status.json", {"stream_id": STREAM_ID, "status": "disabled", "since": 1}),
    ("ssf/stream-status.json", {"stream_id": STREAM_ID, "status": "enabled", "reason": ""}),
    ("ssf/update-stream-status-request.json", {"stream_id": STREAM_ID, "status": "enabled"}),
    ("ssf/add-subject-request.json", {"stream_id": STREAM_ID, "subject": TENANT_OF_SSF}),
    (
        "ssf/add-subject-request.json",
        {"stream_id": STREAM_ID, "subject": EMAIL, "verified": False},
    ),
    (
        "ssf/add-subject-request.json",
        {"stream_id": STREAM_ID, "subject": {"format": "catalog_item", "catalog_id": "c0384"}},
    ),
    ("ssf/remove-subject-request.json", {"stream_id": STREAM_ID, "subject": TENANT_OF_SSF}),
    ("ssf/verification-request.json", {"stream_id": STREAM_ID}),
    ("ssf/verification-request.json", {"stream_id": STREAM_ID, "state": ""}),
    ("ssf/subject.json", {"format": "complex", "robot": {"serial": 7}}),
    ("ssf/subject.json", {"format": "ip-addresses", "ip-addresses": ["fe80::1%eth0"]}),
    ("ssf/subject.json", {"format": "phone", "phone_number": "206 555 0123"}),
    ("ssf/subject.json", {"format": "aliases", "identifiers": [EMAIL, {"format": "x:y"}]}),
    ("sse/stream-status.json", {"status": "paused", "subject": EMAIL, "reason": "busy"}),
    ("sse/update-stream-status-request.json", {"status": "disabled", "subject": EMAIL}),
    ("sse/add-subject-request.json", {"subject": TENANT, "verified": False}),
    ("sse/remove-subject-request.json", {"subject": TENANT}),
    ("sse/verification-request.json", {}),
    ("sse/subject.json", {"format": "jwt_id", "iss": "https://idp.example.com", "jti": "1"}),
    ("rfc8935/error-response.json", {"err": "invalid_state", "description": ""}),
    ("rfc8936/poll-response.json", {"sets": {}, "moreAvailable": False}),
]


def _judged(name):
    """Return each keyword of a schema that is judged, with the member that `required` asks for."""
    return dict(_judged_below(schema.validator(name).schema, ""))


def _judged_below(node, place):
    if isinstance(node, list):
        for index, part in enumerate(node):
            yield from _judged_below(part, f"{place}/{index}")
    if not isinstance(node, dict):
        return
    for keyword, requirement in node.get("x-requirement", {}).items():
        for member in requirement if isinstance(requirement, dict) else (None,):
            yield (id(node), keyword, member), f"{place} {keyword} {member or ''}".rstrip()
    for keyword, part in node.items():
        if keyword not in {"x-requirement", "if", "not"}:
            yield from _judged_below(part, f"{place}/{keyword}")


def _broken_keywords():
    for case in BREAKS:
        for error in schema.validator(case.schema).iter_errors(case.document()):
            member = None
            if error.validator == "required":
                member = next(m for m in error.validator_value if m not in error.instance)
            yield id(error.schema), error.validator, member


BROKEN_KEYWORDS = frozenset(_broken_keywords())


def test_a_message_of_a_text_has_a_schema_and_is_shown_as_in_that_text():
    assert set(MESSAGES) - set(WIRE) == set()
    shown = [(one.schema, one.source) for one in ALL_EXAMPLES]
    missing = [
        (name, source)
        for name, source in MESSAGES.items()
        if not any(schema == name and text.startswith(source) for schema, text in shown)
    ]
    assert missing == []


def test_every_request_and_response_is_a_message_of_a_text():
    parts = {"subject-identifier", "subject", "set", "verification-event", "key-set"}
    payloads = ("caep/", "risc/")
    messages = {name for name in WIRE if not name.startswith(payloads)}
    assert {name for name in messages if Path(name).stem not in parts} == set(MESSAGES)


def test_every_keyword_that_is_judged_is_broken_by_some_document():
    unbroken = [
        f"{name}#{place}"
        for name in WIRE
        for key, place in _judged(name).items()
        if key not in BROKEN_KEYWORDS
    ]
    assert unbroken == []


def test_a_broken_document_is_refused_with_exactly_the_id_expected_and_seen():
    wrong = {}
    for case in BREAKS:
        findings = schema.judge(case.schema, case.document())
        found = [(one.keyword, one.requirement) for one in findings.breaches]
        # What is not seen is not judged, whatever is broken.
        unseen = {case.requirement} - {None} - set(findings.seen)
        if found != [(case.keyword, case.requirement)] or unseen:
            wrong[name_of(case)] = found, unseen
    assert wrong == {}


def test_each_subject_identifier_format_has_an_example_and_wants_its_members(subtests):
    for name, form, requirement in FORMATS:
        with subtests.test(form):
            shown = [one.document for one in ALL_EXAMPLES if one.schema == name]
            assert form in {document.get("format") for document in shown}
            assert breaches(name, {"format": form}) == {requirement}


def breaches(name, document):
    return {one.requirement for one in schema.judge(name, document).breaches}


def test_a_format_is_known_inside_aliases_and_complex_subjects_too(subtests):
    for outer, form, requirement in NESTED:
        with subtests.test(f"{form} in {outer}"):
            member = {"format": "complex", "user": {"format": form}}
            assert breaches(outer, member) == {requirement}
            listed = {"format": "aliases", "identifiers": [{"format": form}]}
            assert breaches(outer, listed) - {"RFC9493-3.2.8-ALIASES-NOT-NESTED"} == {requirement}


@pytest.mark.parametrize("departure", DEPARTURES, ids=lambda one: one.source)
def test_an_example_that_breaks_a_rule_of_its_text_breaks_that_one_alone(departure):
    found = schema.judge(departure.schema, departure.document).breaches
    assert {(one.path, one.keyword, one.requirement) for one in found} == departure.breaches, (
        departure.why
    )


def test_what_a_text_allows_passes():
    refused = [
        (name, document) for name, document in ALLOWED if schema.judge(name, document).breaches
    ]
    assert refused == []


def test_a_request_that_is_broken_asks_for_a_refusal():
    allowed = STREAM_NOT_NAMED | {"RFC8936-2.5.1-400-DEFAULT"}
    others = [
        (name, one)
        for name in WIRE
        if name.endswith("-request.json")
        for one in requirements_of(name)
        if "-ERR-400" not in one and one not in allowed
    ]
    assert others == []
