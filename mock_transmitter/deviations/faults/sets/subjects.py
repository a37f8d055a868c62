"""Faults of the subjects in SETs: SSF 1.0 section 3, the draft of 2021 section 3, RFC 9493."""

from mock_transmitter.deviations.deviation import Json
from mock_transmitter.deviations.entry import fault_at, fault_row
from mock_transmitter.deviations.kinds.sets import SubjectDeviation, TextDeviation
from mock_transmitter.domain.events import SUBJECT
from mock_transmitter.domain.keys import compact_json

fault_row(
    "subject-has-no-format",
    "The subject of every event has no format.",
    SubjectDeviation,
    subject={"email": "user@example.com"},
    breaks=(
        "RFC9493-3-FORMAT-PRESENT",
        "RFC9493-4.1-SUBID-IS-IDENTIFIER",
        "SSF-3.2-SIMPLE-IS-SUBID",
    ),
    also=("SSE-3.1-SIMPLE-IS-SUBID", "SSE-3.2-COMPLEX-SHAPE"),
)
fault_row(
    "subject-lacks-the-member-of-its-format",
    "The subject of every event is in format email and has no email.",
    SubjectDeviation,
    subject={"format": "email"},
    breaks=("RFC9493-3-REQUIRED-MEMBERS", "SSF-3.2-SIMPLE-IS-SUBID", "SSE-3.1-SIMPLE-IS-SUBID"),
)
fault_row(
    "subject-has-a-member-of-another-format",
    "The subject of every event is in format email and has a phone number too.",
    SubjectDeviation,
    subject={"format": "email", "email": "user@example.com", "phone_number": "+12065550100"},
    breaks=("RFC9493-3-NO-FOREIGN-MEMBERS",),
)
fault_row(
    "subject-account-is-a-web-address",
    "The account in the subject of every event is an https URI.",
    SubjectDeviation,
    subject={"format": "account", "uri": "https://example.com/user"},
    breaks=("RFC9493-3.2.1-ACCOUNT", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-email-is-a-local-part",
    "The email in the subject of every event has no domain.",
    SubjectDeviation,
    subject={"format": "email", "email": "user"},
    breaks=("RFC9493-3.2.2-EMAIL", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-sub-is-empty",
    "The sub in the subject of every event is empty.",
    SubjectDeviation,
    subject={"format": "iss_sub", "iss": "https://idp.example.com", "sub": ""},
    breaks=("RFC9493-3.2.3-ISS-SUB", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-opaque-id-is-a-number",
    "The opaque id in the subject of every event is a number.",
    SubjectDeviation,
    subject={"format": "opaque", "id": 11112222},
    breaks=("RFC9493-3.2.4-OPAQUE", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-phone-number-is-national",
    "The phone number in the subject of every event has no international prefix.",
    SubjectDeviation,
    subject={"format": "phone_number", "phone_number": "2065550100"},
    breaks=("RFC9493-3.2.5-PHONE", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-did-is-a-web-address",
    "The DID in the subject of every event is an https URL.",
    SubjectDeviation,
    subject={"format": "did", "url": "https://example.com/did.json"},
    breaks=("RFC9493-3.2.6-DID", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-uri-is-a-path",
    "The URI in the subject of every event is a path.",
    SubjectDeviation,
    subject={"format": "uri", "uri": "/users/1"},
    breaks=("RFC9493-3.2.7-URI", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-has-no-aliases",
    "The aliases in the subject of every event are none.",
    SubjectDeviation,
    subject={"format": "aliases", "identifiers": []},
    breaks=("RFC9493-3.2.8-ALIASES", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-alias-is-aliases-itself",
    "An alias in the subject of every event is in format aliases.",
    SubjectDeviation,
    subject={
        "format": "aliases",
        "identifiers": [
            {"format": "aliases", "identifiers": [{"format": "email", "email": "user@example.com"}]}
        ],
    },
    breaks=("RFC9493-3.2.8-ALIASES-NOT-NESTED",),
)
fault_row(
    "subject-alias-is-there-twice",
    "The subject of every event has one alias twice.",
    SubjectDeviation,
    subject={
        "format": "aliases",
        "identifiers": [
            {"format": "email", "email": "user@example.com"},
            {"format": "email", "email": "user@example.com"},
        ],
    },
    breaks=("RFC9493-3.2.8-ALIASES-NO-DUPES",),
)
fault_row(
    "subject-email-is-written-as-a-uri",
    "The subject of every event is a mailto URI.",
    SubjectDeviation,
    subject={"format": "uri", "uri": "mailto:user@example.com"},
    breaks=("RFC9493-3.2-MOST-SPECIFIC",),
)
fault_row(
    "subject-format-is-nobodys",
    "The subject of every event is in a format that nobody has registered.",
    SubjectDeviation,
    subject={"format": "employee", "number": "1234"},
    breaks=("SSF-3.4-FORMAT-KNOWN", "SSE-3.3-FORMAT-KNOWN"),
)
fault_row(
    "subject-token-has-no-jti",
    "The token in the subject of every event has an issuer and no jti.",
    SubjectDeviation,
    subject={"format": "jwt_id", "iss": "https://idp.example.com"},
    breaks=("SSF-3.5.1-JWTID-MEMBERS",),
    also=("SSE-3.3-FORMAT-KNOWN",),
)
fault_row(
    "subject-token-of-2021-has-no-jti",
    "The token in the subject of every event, as the draft of 2021 names it, has no jti.",
    SubjectDeviation,
    subject={"format": "jwt-id", "iss": "https://idp.example.com"},
    breaks=("SSE-3.4.1-JWT-ID",),
    also=("SSF-3.4-FORMAT-KNOWN",),
)
fault_row(
    "subject-assertion-has-no-issuer",
    "The assertion in the subject of every event has an id and no issuer.",
    SubjectDeviation,
    subject={"format": "saml_assertion_id", "assertion_id": "_8e8dc5f69a98"},
    breaks=("SSF-3.5.2-SAML-MEMBERS",),
    also=("SSE-3.3-FORMAT-KNOWN",),
)
fault_row(
    "subject-assertion-of-2021-has-no-issuer",
    "The assertion in the subject of every event, as the draft of 2021 names it, has no issuer.",
    SubjectDeviation,
    subject={"format": "saml-assertion-id", "assertion_id": "_8e8dc5f69a98"},
    breaks=("SSE-3.4.2-SAML",),
    also=("SSF-3.4-FORMAT-KNOWN",),
)
fault_row(
    "subject-address-is-a-host-name",
    "An address in the subject of every event is the name of a host.",
    SubjectDeviation,
    subject={"format": "ip-addresses", "ip-addresses": ["10.29.37.75", "host.example.com"]},
    breaks=("SSF-3.5.3-IPADDR-MEMBERS",),
    also=("SSE-3.3-FORMAT-KNOWN",),
)
fault_row(
    "subject-is-complex-and-empty",
    "The subject of every event is complex and has no member.",
    SubjectDeviation,
    subject={"format": "complex"},
    breaks=("SSF-3.3-COMPLEX-FORMAT",),
)
fault_row(
    "subject-is-complex-within-complex",
    "A member of the complex subject of every event is complex itself.",
    SubjectDeviation,
    subject={
        "format": "complex",
        "user": {"format": "complex", "device": {"format": "opaque", "id": "device-1"}},
    },
    breaks=("SSF-3.3-COMPLEX-MEMBERS-SIMPLE",),
    also=("SSE-3.2-COMPLEX-SHAPE",),
)
fault_row(
    "subject-is-an-empty-object",
    "The subject of every event is an object without members.",
    SubjectDeviation,
    subject={},
    breaks=("RFC9493-4.1-SUBID-IS-IDENTIFIER", "SSF-3.2-SIMPLE-IS-SUBID", "SSE-3.2-COMPLEX-SHAPE"),
    also=("RFC9493-3-FORMAT-PRESENT", "SSE-3.1-SIMPLE-IS-SUBID"),
)


@fault_at(
    TextDeviation,
    "edit_claims",
    breaks=("SSF-3.3-COMPLEX-MEMBER-ONCE", "SSE-3.2-COMPLEX-MEMBER-ONCE"),
    also=("RISC-2.5-SUBJECT-FORMAT", "RISC-2.6-SUBJECT-FORMAT"),
)
def subject_names_a_member_twice(text: str, claims: Json) -> str:
    """The subject of every event is complex and has two users."""
    email = compact_json(SUBJECT).decode()
    kind = '"format":"complex",' if "sub_id" in claims else ""
    return text.replace(email, f'{{{kind}"user":{email},"user":{email}}}')
