"""Errors of the domain. The HTTP layer gives each its status code."""


class TransmitterError(Exception):
    """The Transmitter refuses a request; nothing has changed."""


class InvalidRequest(TransmitterError):
    """The request is not valid; `member` names the property at fault."""

    def __init__(self, message: str, member: str | None = None) -> None:
        super().__init__(message)
        self.member = member


class StreamNotFound(TransmitterError):
    """This Receiver has no such stream."""


class SubjectNotFound(TransmitterError):
    """The request names something that is not a subject: the 2021 draft's section 7.1.1."""


class StreamExists(TransmitterError):
    """The Receiver already has its one stream."""


class TooManyRequests(TransmitterError):
    """A verification was requested too early; `retry_after_s` is the rest of the interval."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnservedProfile(ValueError):
    """The mock cannot play a profile; the message names the key."""
