"""Variants of the requests that push SETs: RFC 8935 section 2.1."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation
from mock_transmitter.deviations.entry import variant
from mock_transmitter.domain.push import Attempt


@variant
class PushAsksForALanguage(Deviation):
    """A push names the languages in which an error may be described."""

    exercises = ("RFC8935-2.1-ACCEPT-LANGUAGE",)

    def push(self, attempt: Attempt, at: At) -> Attempt:
        return replace(attempt, headers={**attempt.headers, "accept-language": "en-US, en;q=0.5"})
