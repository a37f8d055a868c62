"""Faults of changing keys: RFC 7515 section 4.1.4; SSF 1.0, section 4.1.4."""

from mock_transmitter.deviations.deviation import At, Deviation, Json
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.sets.tokens import NO_KEY_VERIFIES
from mock_transmitter.domain.keys import SigningKey
from mock_transmitter.domain.seed import source


@fault
class KeysAreWithdrawnWhenTheNextOneSigns(Deviation):
    """Each SET is signed with a new key, and the key set has the newest alone."""

    breaks = NO_KEY_VERIFIES
    also = ("RFC7515-4.1.4-KID-RESOLVES", "CAEPIOP-2.6-RS256")

    def __init__(self) -> None:
        self._signed = 0

    def token(self, token: str, at: At) -> str:
        self._signed += 1
        own = self._newest(at.key)
        return own.sign(own.header(), at.claims)

    def key_set(self, key_set: Json, at: At) -> Json:
        return {**key_set, "keys": [self._newest(at.key).public]}

    def _newest(self, key: SigningKey) -> SigningKey:
        return SigningKey.es256(source(self._signed, key.kid, "newest")) if self._signed else key


@fault
class KeysArePublishedAfterTheyHaveSigned(Deviation):
    """Each SET is signed with a new key, which the key set has from the next SET on."""

    breaks = ("RFC7515-4.1.4-KID-RESOLVES", *NO_KEY_VERIFIES)
    also = ("CAEPIOP-2.6-RS256",)

    def __init__(self) -> None:
        self._keys: tuple[SigningKey, ...] = ()

    def token(self, token: str, at: At) -> str:
        own = SigningKey.es256(source(len(self._keys), at.key.kid, "next"))
        self._keys = (*self._keys, own)
        return own.sign(own.header(), at.claims)

    def key_set(self, key_set: Json, at: At) -> Json:
        return {**key_set, "keys": [*key_set["keys"], *(one.public for one in self._keys[:-1])]}
