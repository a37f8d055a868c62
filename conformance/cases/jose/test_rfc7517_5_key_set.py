"""The JWK Set: RFC 7517, sections 4, 5 and 9.2."""

from collections import Counter

from conformance.judging import judges, verify
from conformance.judging.message_shape import requirements_of, verify_shape
from conformance.judging.public_keys import verify_public
from conformance.receiver.remote_transmitter import RemoteTransmitter


@judges(*requirements_of("rfc7517/key-set.json"))
def test_the_key_set_has_its_shape_and_no_secret(transmitter: RemoteTransmitter) -> None:
    """The key set is a JSON object of public keys."""
    answer = transmitter.read_key_set()
    verify(
        "RFC7517-5-JWKS-SHAPE",
        answer.status == 200 and isinstance(answer.document, dict),
        expected="200 and a JSON object with a keys array",
        got=answer.text,
    )
    if answer.is_json:
        verify_shape(transmitter, "key_set", answer.document)
        verify_public(answer.document)


@judges("RFC7517-4.5-KID-DISTINCT", "RFC7517-4.2-USE-SIG")
def test_the_keys_can_be_told_apart_and_used(transmitter: RemoteTransmitter) -> None:
    """Keys of one type have different kids, and one key at least checks signatures."""
    document = transmitter.read_key_set().document
    listed = document.get("keys") if isinstance(document, dict) else None
    keys = [key for key in listed if isinstance(key, dict)] if isinstance(listed, list) else []
    if not keys:
        return
    counts = Counter((str(key.get("kty")), str(key["kid"])) for key in keys if "kid" in key)
    twice = [kid for (_, kid), count in counts.items() if count > 1]
    verify(
        "RFC7517-4.5-KID-DISTINCT",
        not twice,
        expected="a kid of its own for each key of a type",
        got=f"more than one key with kid {twice}",
    )
    usable = [
        key
        for key in keys
        if key.get("use", "sig") == "sig" and "verify" in key.get("key_ops", ["verify"])
    ]
    verify(
        "RFC7517-4.2-USE-SIG",
        usable,
        expected="a key whose use and key_ops allow checking signatures",
        got=f"{len(keys)} keys, none of them",
    )
