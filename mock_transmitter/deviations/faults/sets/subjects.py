"""Faults of the subjects in SETs: SSF 1.0 section 3, the draft of 2021 section 3, RFC 9493."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import Json
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.sets import SubjectDeviation, TextDeviation
from mock_transmitter.domain.events import SUBJECT
from mock_transmitter.domain.keys import compact_json


@fault
class SubjectHasNoFormat(SubjectDeviation):
    """The subject of every event has no format."""

    breaks = (
        "RFC9493-3-FORMAT-PRESENT",
        "RFC9493-4.1-SUBID-IS-IDENTIFIER",
        "SSF-3.2-SIMPLE-IS-SUBID",
    )
    also = ("SSE-3.1-SIMPLE-IS-SUBID", "SSE-3.2-COMPLEX-SHAPE")
    subject = MappingProxyType({"email": "user@example.com"})


@fault
class SubjectLacksTheMemberOfItsFormat(SubjectDeviation):
    """The subject of every event is in format email and has no email."""

    breaks = ("RFC9493-3-REQUIRED-MEMBERS", "SSF-3.2-SIMPLE-IS-SUBID", "SSE-3.1-SIMPLE-IS-SUBID")
    subject = MappingProxyType({"format": "email"})


@fault
class SubjectHasAMemberOfAnotherFormat(SubjectDeviation):
    """The subject of every event is in format email and has a phone number too."""

    breaks = ("RFC9493-3-NO-FOREIGN-MEMBERS",)
    subject = MappingProxyType(
        {"format": "email", "email": "user@example.com", "phone_number": "+12065550100"}
    )


@fault
class SubjectAccountIsAWebAddress(SubjectDeviation):
    """The account in the subject of every event is an https URI."""

    breaks = ("RFC9493-3.2.1-ACCOUNT", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "account", "uri": "https://example.com/user"})


@fault
class SubjectEmailIsALocalPart(SubjectDeviation):
    """The email in the subject of every event has no domain."""

    breaks = ("RFC9493-3.2.2-EMAIL", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "email", "email": "user"})


@fault
class SubjectSubIsEmpty(SubjectDeviation):
    """The sub in the subject of every event is empty."""

    breaks = ("RFC9493-3.2.3-ISS-SUB", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "iss_sub", "iss": "https://idp.example.com", "sub": ""})


@fault
class SubjectOpaqueIdIsANumber(SubjectDeviation):
    """The opaque id in the subject of every event is a number."""

    breaks = ("RFC9493-3.2.4-OPAQUE", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "opaque", "id": 11112222})


@fault
class SubjectPhoneNumberIsNational(SubjectDeviation):
    """The phone number in the subject of every event has no international prefix."""

    breaks = ("RFC9493-3.2.5-PHONE", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "phone_number", "phone_number": "2065550100"})


@fault
class SubjectDidIsAWebAddress(SubjectDeviation):
    """The DID in the subject of every event is an https URL."""

    breaks = ("RFC9493-3.2.6-DID", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "did", "url": "https://example.com/did.json"})


@fault
class SubjectUriIsAPath(SubjectDeviation):
    """The URI in the subject of every event is a path."""

    breaks = ("RFC9493-3.2.7-URI", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "uri", "uri": "/users/1"})


@fault
class SubjectHasNoAliases(SubjectDeviation):
    """The aliases in the subject of every event are none."""

    breaks = ("RFC9493-3.2.8-ALIASES", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "aliases", "identifiers": []})


@fault
class SubjectAliasIsAliasesItself(SubjectDeviation):
    """An alias in the subject of every event is in format aliases."""

    breaks = ("RFC9493-3.2.8-ALIASES-NOT-NESTED",)
    subject = MappingProxyType(
        {
            "format": "aliases",
            "identifiers": [
                {
                    "format": "aliases",
                    "identifiers": [{"format": "email", "email": "user@example.com"}],
                }
            ],
        }
    )


@fault
class SubjectAliasIsThereTwice(SubjectDeviation):
    """The subject of every event has one alias twice."""

    breaks = ("RFC9493-3.2.8-ALIASES-NO-DUPES",)
    subject = MappingProxyType(
        {
            "format": "aliases",
            "identifiers": [
                {"format": "email", "email": "user@example.com"},
                {"format": "email", "email": "user@example.com"},
            ],
        }
    )


@fault
class SubjectEmailIsWrittenAsAUri(SubjectDeviation):
    """The subject of every event is a mailto URI."""

    breaks = ("RFC9493-3.2-MOST-SPECIFIC",)
    subject = MappingProxyType({"format": "uri", "uri": "mailto:user@example.com"})


@fault
class SubjectFormatIsNobodys(SubjectDeviation):
    """The subject of every event is in a format that nobody has registered."""

    breaks = ("SSF-3.4-FORMAT-KNOWN", "SSE-3.3-FORMAT-KNOWN")
    subject = MappingProxyType({"format": "employee", "number": "1234"})


@fault
class SubjectTokenHasNoJti(SubjectDeviation):
    """The token in the subject of every event has an issuer and no jti."""

    breaks = ("SSF-3.5.1-JWTID-MEMBERS",)
    also = ("SSE-3.3-FORMAT-KNOWN",)
    subject = MappingProxyType({"format": "jwt_id", "iss": "https://idp.example.com"})


@fault
class SubjectTokenOf2021HasNoJti(SubjectDeviation):
    """The token in the subject of every event, as the draft of 2021 names it, has no jti."""

    breaks = ("SSE-3.4.1-JWT-ID",)
    also = ("SSF-3.4-FORMAT-KNOWN",)
    subject = MappingProxyType({"format": "jwt-id", "iss": "https://idp.example.com"})


@fault
class SubjectAssertionHasNoIssuer(SubjectDeviation):
    """The assertion in the subject of every event has an id and no issuer."""

    breaks = ("SSF-3.5.2-SAML-MEMBERS",)
    also = ("SSE-3.3-FORMAT-KNOWN",)
    subject = MappingProxyType(
        {
            "format": "saml_assertion_id",
            "assertion_id": "_8e8dc5f69a98",
        }
    )


@fault
class SubjectAssertionOf2021HasNoIssuer(SubjectDeviation):
    """The assertion in the subject of every event, as the draft of 2021 names it, has no issuer."""

    breaks = ("SSE-3.4.2-SAML",)
    also = ("SSF-3.4-FORMAT-KNOWN",)
    subject = MappingProxyType(
        {
            "format": "saml-assertion-id",
            "assertion_id": "_8e8dc5f69a98",
        }
    )


@fault
class SubjectAddressIsAHostName(SubjectDeviation):
    """An address in the subject of every event is the name of a host."""

    breaks = ("SSF-3.5.3-IPADDR-MEMBERS",)
    also = ("SSE-3.3-FORMAT-KNOWN",)
    subject = MappingProxyType(
        {"format": "ip-addresses", "ip-addresses": ["10.29.37.75", "host.example.com"]}
    )


@fault
class SubjectIsComplexAndEmpty(SubjectDeviation):
    """The subject of every event is complex and has no member."""

    breaks = ("SSF-3.3-COMPLEX-FORMAT",)
    subject = MappingProxyType({"format": "complex"})


@fault
class SubjectIsComplexWithinComplex(SubjectDeviation):
    """A member of the complex subject of every event is complex itself."""

    breaks = ("SSF-3.3-COMPLEX-MEMBERS-SIMPLE",)
    also = ("SSE-3.2-COMPLEX-SHAPE",)
    subject = MappingProxyType(
        {
            "format": "complex",
            "user": {"format": "complex", "device": {"format": "opaque", "id": "device-1"}},
        }
    )


@fault
class SubjectIsAnEmptyObject(SubjectDeviation):
    """The subject of every event is an object without members."""

    breaks = (
        "RFC9493-4.1-SUBID-IS-IDENTIFIER",
        "SSF-3.2-SIMPLE-IS-SUBID",
        "SSE-3.2-COMPLEX-SHAPE",
    )
    also = ("RFC9493-3-FORMAT-PRESENT", "SSE-3.1-SIMPLE-IS-SUBID")
    subject: ClassVar[Mapping[str, Any]] = MappingProxyType({})


@fault_at(
    TextDeviation,
    "edit_claims",
    breaks=("SSF-3.3-COMPLEX-MEMBER-ONCE", "SSE-3.2-COMPLEX-MEMBER-ONCE"),
    also=(
        "RISC-2.5-SUBJECT-FORMAT",
        "RISC-2.6-SUBJECT-FORMAT",
    ),
)
def subject_names_a_member_twice(text: str, claims: Json) -> str:
    """The subject of every event is complex and has two users."""
    email = compact_json(SUBJECT).decode()
    kind = '"format":"complex",' if "sub_id" in claims else ""
    return text.replace(email, f'{{{kind}"user":{email},"user":{email}}}')
