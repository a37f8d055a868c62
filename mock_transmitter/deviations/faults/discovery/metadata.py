"""Faults of the metadata and the key set: SSF 1.0 section 7, RFC 7517."""

from abc import ABC, abstractmethod
from dataclasses import replace
from urllib.parse import urlsplit

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.documents import ChangedReply, with_header, without
from mock_transmitter.deviations.kinds.sets import UNVERIFIABLE
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply

OTHER_ISSUER = (
    "SSF-7.1-ISSUER-EQUALS-SET-ISS",
    "SSF-8.1.1-ISS-EQUALS-METADATA",
    "SSE-6.1-ISSUER-EQUALS-SET-ISS",
    "SSE-7.1.2-ISS",
    "JAMF-ISS",
)


class _MetadataDeviation(Deviation, ABC):
    """Changes the metadata document."""

    on = ("discover",)

    @abstractmethod
    def edit(self, metadata: Json) -> Json:
        """Return the metadata to show."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not isinstance(outcome, Reply):
            return outcome
        return replace(outcome, document=self.edit(outcome.document))


@fault
class MetadataIssuerHasATrailingSlash(_MetadataDeviation):
    """The metadata's issuer has a slash at its end that the issuer itself has not."""

    breaks = ("SSF-7.2.4-ISSUER-IDENTICAL", "SSE-6.2.3-ISSUER-IDENTICAL")
    also = OTHER_ISSUER

    def edit(self, metadata: Json) -> Json:
        return {**metadata, "issuer": f"{metadata.get('issuer')}/"}


@fault_at(
    _MetadataDeviation,
    breaks=("SSF-7.2.4-ISSUER-IDENTICAL", "SSE-6.2.3-ISSUER-IDENTICAL"),
    also=OTHER_ISSUER,
)
def metadata_issuer_is_spelled_in_capitals(metadata: Json) -> Json:
    """The metadata's issuer is the same URL with scheme and host in capitals."""
    parts = urlsplit(str(metadata.get("issuer")))
    capitals = f"{parts.scheme}://{parts.netloc}".upper()
    return {**metadata, "issuer": f"{capitals}{parts.path}"}


@fault
class MetadataNamesItsIssuerOnceAndAnotherThen(MetadataIssuerHasATrailingSlash):
    """Every other reading of the metadata names the issuer with a slash more at its end."""

    breaks = ("SSF-7.2.4-ISSUER-IDENTICAL", "SSE-6.2.3-ISSUER-IDENTICAL")
    also = OTHER_ISSUER

    def __init__(self) -> None:
        self._readings = 0

    def edit(self, metadata: Json) -> Json:
        """Add the slash to the second, the fourth, and so on."""
        self._readings += 1
        return metadata if self._readings % 2 else super().edit(metadata)


@fault_at(
    _MetadataDeviation,
    breaks=(
        "SSF-7.1-ISSUER-PRESENT",
        "SSF-7.2.4-ISSUER-IDENTICAL",
        "SSE-6.1-ISSUER",
        "SSE-6.2.3-ISSUER-IDENTICAL",
    ),
    also=OTHER_ISSUER,
)
def metadata_issuer_has_a_query(metadata: Json) -> Json:
    """The metadata's issuer has a query."""
    return {**metadata, "issuer": f"{metadata['issuer']}?tenant=1"}


@fault_at(
    _MetadataDeviation,
    breaks=(
        "SSF-7.1-ISSUER-PRESENT",
        "SSF-7.2.4-ISSUER-IDENTICAL",
        "SSE-6.1-ISSUER",
        "SSE-6.2.3-ISSUER-IDENTICAL",
    ),
    also=OTHER_ISSUER,
)
def metadata_lacks_the_issuer(metadata: Json) -> Json:
    """The metadata has no issuer."""
    return without(metadata, "issuer")


@fault_at(
    _MetadataDeviation,
    breaks=(
        "SSF-7.1-JWKS-URI-TLS",
        "SSF-7.1-CONFIG-ENDPOINT-TLS",
        "SSF-7.1-STATUS-ENDPOINT-TLS",
        "SSF-7.1-ADD-SUBJECT-ENDPOINT-TLS",
        "SSF-7.1-REMOVE-SUBJECT-ENDPOINT-TLS",
        "SSF-7.1-VERIFICATION-ENDPOINT-TLS",
    ),
)
def metadata_urls_are_plain_http(metadata: Json) -> Json:
    """Every URL in the metadata but the issuer is served without TLS."""
    plain = str(metadata.get("issuer")).replace("https://", "http://").rstrip("/")
    others = ("status_endpoint", "add_subject_endpoint", "remove_subject_endpoint")
    shown = {name: f"{plain}/ssf/{name}" for name in others} | metadata
    return {
        name: value.replace("https://", "http://")
        if name == "jwks_uri" or name.endswith("_endpoint")
        else value
        for name, value in shown.items()
    }


@fault_at(_MetadataDeviation, breaks=("SSF-7.1-VERIFICATION-ENDPOINT-TLS",))
def metadata_verification_endpoint_is_plain_http(metadata: Json) -> Json:
    """Of the URLs in the metadata, the verification_endpoint alone is served without TLS."""
    if "verification_endpoint" not in metadata:
        return metadata
    url = metadata["verification_endpoint"].replace("https://", "http://")
    return {**metadata, "verification_endpoint": url}


@fault_at(
    _MetadataDeviation,
    breaks=("SSF-7.1-JWKS-URI-TLS", "SSE-6.1-JWKS-URI"),
    also=UNVERIFIABLE,
)
def metadata_jwks_uri_is_a_path(metadata: Json) -> Json:
    """The jwks_uri is a path without scheme and host."""
    if "jwks_uri" not in metadata:
        return metadata
    return {**metadata, "jwks_uri": urlsplit(metadata["jwks_uri"]).path}


@fault_at(
    _MetadataDeviation,
    breaks=(
        "SSF-7.1-DELIVERY-METHODS",
        "SSF-7.1-CRITICAL-MEMBERS-SHAPE",
        "SSE-6.1-DELIVERY-METHODS",
        "SSE-6.1-CRITICAL-MEMBERS-SHAPE",
    ),
)
def metadata_arrays_hold_objects(metadata: Json) -> Json:
    """The arrays of the metadata hold objects with a name instead of strings."""
    arrays = {"critical_subject_members": ["user"]} | {
        name: value
        for name, value in metadata.items()
        if name in {"delivery_methods_supported", "critical_subject_members"}
    }
    wrapped = {
        name: [{"name": one} for one in value] if isinstance(value, list) else value
        for name, value in arrays.items()
    }
    return metadata | wrapped


@fault_at(_MetadataDeviation, breaks=("SSF-7.1-AUTHZ-SCHEMES-SHAPE",))
def metadata_authorization_schemes_are_strings(metadata: Json) -> Json:
    """authorization_schemes lists URNs instead of objects with a spec_urn."""
    if "authorization_schemes" not in metadata:
        return metadata
    return {**metadata, "authorization_schemes": ["urn:ietf:rfc:6749"]}


@fault_at(_MetadataDeviation, breaks=("SSF-7.1.1-SPEC-URN",))
def metadata_authorization_schemes_lack_the_urn(metadata: Json) -> Json:
    """An authorization scheme has a name of its own instead of a spec_urn."""
    if "authorization_schemes" not in metadata:
        return metadata
    schemes = [*metadata["authorization_schemes"], {"scheme": "oauth2"}]
    return {**metadata, "authorization_schemes": schemes}


@fault_at(_MetadataDeviation, breaks=("SSF-7.1.1-SPEC-URN", "SSF-7.1-DEFAULT-SUBJECTS-ENUM"))
def metadata_has_values_of_its_own(metadata: Json) -> Json:
    """A spec_urn is no URN, and default_subjects is neither ALL nor NONE."""
    if "authorization_schemes" not in metadata:
        return metadata
    schemes = [{"spec_urn": "https://www.rfc-editor.org/rfc/rfc6749"}]
    return {**metadata, "authorization_schemes": schemes, "default_subjects": "all"}


@fault_at(_MetadataDeviation, breaks=("SSF-8-MGMT-API-RECOMMENDED", "SSE-7-MGMT-RECOMMENDED"))
def metadata_names_no_verification_endpoint(metadata: Json) -> Json:
    """The metadata names no verification_endpoint."""
    return without(metadata, "verification_endpoint")


@fault_at("response", on=("discover",), breaks=("SSF-7.2.3-STATUS-200", "SSE-6.2.2-STATUS-200"))
def metadata_is_answered_203(response: Response) -> Response:
    """The metadata is answered with 203 instead of 200."""
    return replace(response, status=203)


@fault_at("response", breaks=("SSF-7.2.3-ERROR-STATUS", "SSE-6.2.2-ERROR-STATUS"))
def unknown_paths_are_answered_200(response: Response, at: At) -> Response:
    """Metadata of an unknown issuer is answered with 200 and a JSON object that names an error."""
    lost = at.operation is None and response.status == 404
    return replace(response, status=200) if lost else response


@fault
class MetadataIsRightAtRiscConfigurationAlone(Deviation):
    """Of two metadata documents, the one at risc-configuration alone names the issuer."""

    on = ("discover",)
    breaks = ("SSF-7.2.2-NOT-RISC-LOCATION", "SSF-7.2.4-ISSUER-IDENTICAL")
    also = OTHER_ISSUER

    def __init__(self) -> None:
        self._old = False

    def request(self, request: Request, at: At) -> Request:
        target = request.target.replace("/risc-configuration", "/ssf-configuration")
        self._old = target != request.target
        return replace(request, target=target)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if self._old or not isinstance(outcome, Reply):
            return outcome
        return replace(outcome, document={**outcome.document, "issuer": "https://old.example"})


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-7.1-DELIVERY-METHODS-HONOURED",),
    also=(
        "SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
    ),
)
def listed_poll_delivery_is_refused(call: Call, proceed: Proceed) -> Outcome:
    """The metadata lists poll delivery, and a stream that asks for it is refused."""
    delivery = call.body.get("delivery")
    named = isinstance(delivery, dict) and delivery.get("method")
    if named == call.transmitter.profile.delivery.poll:
        raise InvalidRequest("delivery.method is not supported", "delivery")
    return proceed(call)


@fault_at(
    _MetadataDeviation,
    breaks=("SSF-7.2.3-EMPTY-OMITTED", "SSE-6.2.2-EMPTY-OMITTED"),
)
def metadata_has_an_empty_array(metadata: Json) -> Json:
    """The metadata shows a member without elements as an empty array."""
    return {**metadata, "critical_subject_members": []}


@fault_at(
    _MetadataDeviation,
    breaks=("SSF-7.2.3-MULTIVALUED-ARRAYS", "SSE-6.2.2-MULTIVALUED-ARRAYS"),
)
def metadata_gives_one_delivery_method_as_a_string(metadata: Json) -> Json:
    """The metadata gives its delivery methods as one string instead of an array."""
    return {**metadata, "delivery_methods_supported": metadata["delivery_methods_supported"][0]}


@fault_at(
    "response",
    on=("discover",),
    breaks=("SSF-7.2-CONTENT-TYPE",),
    also=("RFC9110-8.3-CONTENT-TYPE",),
)
def metadata_is_plain_text(response: Response) -> Response:
    """The metadata document is labelled text/plain."""
    return with_header(response, "content-type", "text/plain; charset=utf-8")


@fault
class KeySetShowsAPrivateMember(Deviation):
    """The published key set holds the private half of the signing key."""

    breaks = ("RFC7517-9.2-NO-PRIVATE-KEYS",)
    # A careful Receiver does not trust a key whose private half is public.
    also = UNVERIFIABLE

    def key_set(self, key_set: Json, at: At) -> Json:
        return {"keys": [{**one, "d": at.key.private_member} for one in key_set["keys"]]}


class _KeySetDeviation(Deviation, ABC):
    """Changes the keys that are published."""

    @abstractmethod
    def edit(self, keys: list[Json]) -> list[Json]:
        """Return the keys to publish."""

    def key_set(self, key_set: Json, at: At) -> Json:
        return {**key_set, "keys": self.edit(key_set["keys"])}


@fault_at(_KeySetDeviation, breaks=("RFC7517-9.2-NO-PRIVATE-KEYS",))
def key_set_holds_a_symmetric_key(keys: list[Json]) -> list[Json]:
    """The published key set holds a symmetric key beside the public one."""
    return [*keys, {"kty": "oct", "kid": "shared", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}]


@fault_at(_KeySetDeviation, breaks=("RFC7517-9.2-NO-PRIVATE-KEYS",))
def key_set_shows_the_primes_of_an_rsa_key(keys: list[Json]) -> list[Json]:
    """The published key set holds an RSA key without its private exponent but with its primes."""
    rsa = {"kty": "RSA", "kid": "rsa", "n": "Dg8", "e": "AQAB", "p": "Pw", "q": "OQ"}
    return [*keys, rsa]


@fault_at(_KeySetDeviation, breaks=("RFC7517-4.5-KID-DISTINCT",), also=UNVERIFIABLE)
def key_set_gives_one_kid_to_two_keys(keys: list[Json]) -> list[Json]:
    """Two keys of one type in the published key set have the same kid."""
    return [*keys, {**keys[0], "key_ops": ["verify"]}]


@fault_at(_KeySetDeviation, breaks=("RFC7517-4.2-USE-SIG",), also=UNVERIFIABLE)
def key_set_is_for_encryption_alone(keys: list[Json]) -> list[Json]:
    """Every key of the published key set says that it is for encryption."""
    return [{**one, "use": "enc"} for one in keys]


@fault_at(
    ChangedReply,
    on=("read_key_set",),
    breaks=("RFC7517-5-JWKS-SHAPE",),
    also=UNVERIFIABLE,
)
def key_set_is_a_bare_array(reply: Reply) -> Outcome:
    """The key set is published as an array of keys, without the object around it."""
    return replace(reply, document=reply.document["keys"])
