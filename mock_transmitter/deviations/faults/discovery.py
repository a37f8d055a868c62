"""Faults of the metadata and the key set: SSF 1.0 section 7, RFC 7517."""

from abc import ABC, abstractmethod
from dataclasses import replace

from mock_transmitter.deviations.documents import with_header
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.sets import UNVERIFIABLE
from mock_transmitter.deviations.seams import Deviation, Json, Proceed
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome, Reply
from mock_transmitter.keys import SigningKey


class _MetadataDeviation(Deviation, ABC):
    """Changes the metadata document."""

    @abstractmethod
    def edit(self, metadata: Json) -> Json:
        """Return the metadata to show."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Edit what discovery answers."""
        outcome = proceed(call)
        if call.operation != "discover" or not isinstance(outcome, Reply):
            return outcome
        return replace(outcome, document=self.edit(outcome.document))


@fault
class MetadataIssuerHasATrailingSlash(_MetadataDeviation):
    """The metadata's issuer has a slash at its end that the issuer itself has not."""

    breaks = ("SSF-7.2.4-ISSUER-IDENTICAL", "SSE-6.2.3-ISSUER-IDENTICAL")
    also = (
        "SSF-7.1-ISSUER-EQUALS-SET-ISS",
        "SSF-8.1.1-ISS-EQUALS-METADATA",
        "SSE-6.1-ISSUER-EQUALS-SET-ISS",
        "SSE-7.1.2-ISS",
        "JAMF-ISS",
    )

    def edit(self, metadata: Json) -> Json:
        """Add the slash."""
        return {**metadata, "issuer": f"{metadata['issuer']}/"}


@fault
class MetadataHasAnEmptyArray(_MetadataDeviation):
    """The metadata shows a member without elements as an empty array."""

    breaks = ("SSF-7.2.3-EMPTY-OMITTED", "SSE-6.2.2-EMPTY-OMITTED")
    also = ("SSF-7.1-CRITICAL-MEMBERS-SHAPE", "SSE-6.1-CRITICAL-MEMBERS-SHAPE")

    def edit(self, metadata: Json) -> Json:
        """Add the empty array."""
        return {**metadata, "critical_subject_members": []}


@fault
class MetadataGivesOneDeliveryMethodAsAString(_MetadataDeviation):
    """The metadata gives its delivery methods as one string instead of an array."""

    breaks = ("SSF-7.2.3-MULTIVALUED-ARRAYS", "SSE-6.2.2-MULTIVALUED-ARRAYS")
    also = (
        "SSF-7.1-DELIVERY-METHODS",
        "SSF-7.1-DELIVERY-METHODS-HONOURED",
        "SSE-6.1-DELIVERY-METHODS",
        "SSF-6.1.1-PUSH-METHOD-URN",
        "SSF-6.1.2-POLL-METHOD-URN",
    )

    def edit(self, metadata: Json) -> Json:
        """Take the first method out of its array."""
        return {
            **metadata,
            "delivery_methods_supported": metadata["delivery_methods_supported"][0],
        }


@fault
class MetadataIsPlainText(Deviation):
    """The metadata document is labelled text/plain."""

    breaks = ("SSF-7.2-CONTENT-TYPE",)
    also = ("RFC9110-8.3-CONTENT-TYPE", "SSF-7.2.3-STATUS-200", "SSE-6.2.2-STATUS-200")

    def response(self, response: Response, operation: str | None) -> Response:
        """Label it so."""
        if operation != "discover":
            return response
        return with_header(response, "content-type", "text/plain; charset=utf-8")


@fault
class KeySetShowsAPrivateMember(Deviation):
    """The published key set holds the private half of the signing key."""

    breaks = ("RFC7517-9.2-NO-PRIVATE-KEYS",)
    # A careful Receiver trusts no key whose private half is known.
    also = UNVERIFIABLE

    def key_set(self, key_set: Json, key: SigningKey) -> Json:
        """Add `d` to the key."""
        return {"keys": [{**one, "d": key.private_member} for one in key_set["keys"]]}


@fault
class KeySetIsABareArray(Deviation):
    """The key set is published as an array of keys, without the object around it."""

    breaks = ("RFC7517-5-JWKS-SHAPE",)
    also = (
        *UNVERIFIABLE,
        "RFC7517-4.2-USE-SIG",
        "RFC7517-4.5-KID-DISTINCT",
        "RFC7517-9.2-NO-PRIVATE-KEYS",
        "SSE-6.1-JWKS-URI",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Take the object away."""
        outcome = proceed(call)
        if call.operation != "read_key_set" or not isinstance(outcome, Reply):
            return outcome
        return replace(outcome, document=outcome.document["keys"])
