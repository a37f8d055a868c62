import base64

import pytest

from conformance.sets.contents import claims_of, header_of


def part(document):
    return base64.urlsafe_b64encode(document).rstrip(b"=").decode()


def test_header_and_claims_are_shown_without_being_judged():
    token = ".".join((part(b'{"alg": "none"}'), part('{"jti": "ä"}'.encode()), ""))
    assert header_of(token) == {"alg": "none"}
    assert claims_of(token) == {"jti": "ä"}


@pytest.mark.parametrize("length", range(5))
def test_any_length_of_a_part_can_be_read(length):
    claims = {"a": "x" * length}
    token = f"e30.{part(str(claims).replace(chr(39), chr(34)).encode())}.s"
    assert claims_of(token) == claims


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a",
        "a.b.c",
        "ä.ö.ü",
        "\ud800.\ud800.",
        f"{part(b'[1]')}.{part(b'5')}.",
        f"{part(b'null')}.{part(b'true')}.",
        f"{part(b'[' * 100_000)}.{part(b'[' * 100_000)}.",
        f"{part(bytes([255]))}.{part(bytes([255]))}.",
        f"{part(b'{')}.{part(b'{')}.",
        "\0.\0.\0",
    ],
    ids=str,
)
def test_what_is_no_token_holds_nothing(token):
    assert header_of(token) == {}
    assert claims_of(token) == {}
