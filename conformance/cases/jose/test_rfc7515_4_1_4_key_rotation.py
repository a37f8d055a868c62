"""The key of a SET that is issued now: RFC 7515, section 4.1.4; SSF 1.0, section 4.1.4."""

from conformance.judging import Blocked, Needs, judges, require, verify
from conformance.judging.public_keys import PUBLIC, verify_public
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.sets import jws


@judges(
    "RFC7515-4.1.4-KID-RESOLVES",
    "SSF-4.1.4-KEY-FROM-JWKS",
    "SSE-11.1.1-KEY-FROM-JWKS",
    PUBLIC,
    needs=Needs(stream=True, sets=1, operations=("read_key_set",)),
)
def test_the_key_of_a_set_that_comes_is_published(transmitter: RemoteTransmitter) -> None:
    """The key set has the key of a new SET still, or already, when the SET comes, and no secret."""
    require(transmitter.read_key_set().served, "the key set can't be read")
    with transmitter.new_stream() as stream:
        for token in stream.obtain_sets().values():
            try:
                compact = jws.read(token)
            except jws.NotCompact as error:
                raise Blocked(f"the SET is {error}") from error
            # Fetch the keys again: a key that is no longer published verifies nothing now.
            key_set = transmitter.read_key_set().document
            verify_public(key_set)
            kid = compact.header.get("kid")
            if kid is not None:
                verify(
                    "RFC7515-4.1.4-KID-RESOLVES",
                    jws.has_kid(key_set, kid),
                    expected=f"a key with kid {kid!r} in the key set",
                    got="none",
                )
            if jws.can_verify(compact.alg or "") and "crit" not in compact.header:
                verification = jws.verify(compact, key_set)
                verify(
                    ("SSF-4.1.4-KEY-FROM-JWKS", "SSE-11.1.1-KEY-FROM-JWKS"),
                    verification.key is not None,
                    expected="a published key that verifies the SET",
                    got=verification.tried,
                )
