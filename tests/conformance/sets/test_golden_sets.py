"""The golden tokens: joserfc says that they are what they are, the suite says what they break."""

import contextlib
import json
import warnings
from base64 import urlsafe_b64decode

from golden_sets import AUDIENCE, ISSUER, KEYS, TOKENS
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from conformance.cli.inspect_set import Asked, inspect
from conformance.spec.profile_files import load_profile

IMPORTERS = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
ALGORITHMS_OF = {"RSA": ["RS256", "PS256"], "EC": ["ES256"], "OKP": ["EdDSA"]}
SIGNED_ANEW_THE_SAME = {"RS256", "RS512", "EdDSA", "Ed25519"}

SIGNED = [one for one in TOKENS if one["signed_with"]]
UNSIGNED = [one for one in TOKENS if not one["signed_with"]]


def decoded(part):
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def imported(document):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc warns of the short key, which is what it is for
        return IMPORTERS[document["kty"]].import_key(document)


def algorithm(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc warns of EdDSA, the older name of Ed25519
        return JWSRegistry(algorithms=[name]).get_alg(name)


def test_each_token_has_a_name_of_its_own():
    assert len({one["name"] for one in TOKENS}) == len(TOKENS)


def test_the_published_keys_are_public_halves_of_the_private_ones():
    private = {one["kid"]: imported(one) for one in KEYS["private"]["keys"]}
    assert set(private) - {one["kid"] for one in KEYS["published"]["keys"]} == {"never-published"}
    for one in KEYS["published"]["keys"]:
        assert private[one["kid"]].thumbprint() == imported(one).thumbprint()
        assert not {"d", "p", "q"} & set(one)


def test_a_signed_token_was_signed_with_its_key_by_another_library(subtests):
    for one in SIGNED:
        with subtests.test(one["name"]):
            signing_input, _, signature = one["token"].rpartition(".")
            (key,) = [key for key in KEYS["private"]["keys"] if key["kid"] == one["signed_with"]]
            name = json.loads(decoded(signing_input.partition(".")[0]))["alg"]
            engine = algorithm(name)
            message = signing_input.encode()
            assert engine.verify(message, decoded(signature), imported(key))
            if name in SIGNED_ANEW_THE_SAME:
                assert engine.sign(message, imported(key)) == decoded(signature)


def test_no_published_key_verifies_a_token_that_has_no_signature():
    for one in UNSIGNED:
        signing_input, _, signature = one["token"].rpartition(".")
        if not one["broken"]:
            assert one["token"].count(".") == 4, one["name"]  # encrypted
            continue
        for document in KEYS["published"]["keys"]:
            for name in ALGORITHMS_OF[document["kty"]]:
                with contextlib.suppress(ValueError):
                    raw, key = decoded(signature), imported(document)
                    assert not algorithm(name).verify(signing_input.encode(), raw, key), one["name"]


def test_a_token_breaks_what_it_is_said_to_break_and_nothing_else(subtests):
    for one in TOKENS:
        with subtests.test(one["name"]):
            inspected = inspect(
                Asked(
                    token=one["token"],
                    profile=load_profile(one["profile"]),
                    key_set=KEYS["published"],
                    issuer=ISSUER,
                    audience=AUDIENCE,
                )
            )
            loudest_last = [told for told in reversed(inspected.told) if told.word != "held"]
            assert {told.row.id: told.word for told in loudest_last} == one["broken"]
            assert inspected.broken is ("failed" in one["broken"].values())
