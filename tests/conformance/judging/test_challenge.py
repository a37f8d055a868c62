"""What a WWW-Authenticate header says, in each spelling that RFC 9110 section 11 allows."""

import pytest

from conformance.judging.challenge import error_in, schemes_in


@pytest.mark.parametrize(
    ("challenge", "schemes", "error"),
    [
        ("Bearer", ["bearer"], None),
        ('bearer realm="a", error="invalid_token"', ["bearer"], "invalid_token"),
        ("Bearer error=invalid_token", ["bearer"], "invalid_token"),
        ('Bearer ERROR = "invalid_token" , scope="a, b"', ["bearer"], "invalid_token"),
        ('DPoP algs="ES256", Bearer realm="x"', ["dpop", "bearer"], None),
        ("Negotiate YWJj==, Bearer", ["negotiate", "bearer"], None),
        ('Basic realm="a, bearer error=invalid_token"', ["basic"], None),
        (r'Basic realm="a \", bearer b"', ["basic"], None),
        ('Bearer realm="insufficient_scope"', ["bearer"], None),
        ('realm="Bearer"', [], None),
        ("", [], None),
    ],
)
def test_a_quoted_string_is_neither_a_scheme_nor_a_parameter(challenge, schemes, error):
    assert schemes_in(challenge) == schemes
    assert error_in(challenge) == error
