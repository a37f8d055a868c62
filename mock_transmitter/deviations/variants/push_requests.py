"""Variants of the requests that push SETs: RFC 8935 section 2.1."""

from dataclasses import replace

from mock_transmitter.deviations.entry import variant_at
from mock_transmitter.domain.push import Attempt


@variant_at("push", exercises=("RFC8935-2.1-ACCEPT-LANGUAGE",))
def push_asks_for_a_language(attempt: Attempt) -> Attempt:
    """A push names the languages in which an error may be described."""
    return replace(attempt, headers={**attempt.headers, "accept-language": "en-US, en;q=0.5"})
