"""What the domain refuses to do. HTTP gives each its status code; the domain knows none."""


class TransmitterError(Exception):
    """A request that the Transmitter refuses; it changed nothing."""


class InvalidRequest(TransmitterError):
    """The request is not valid; `member` names the property at fault."""

    def __init__(self, message: str, member: str | None = None) -> None:
        super().__init__(message)
        self.member = member


class StreamNotFound(TransmitterError):
    """There is no such stream for this Receiver."""


class SubjectNotFound(TransmitterError):
    """What was named is no subject: the 2021 draft's section 7.1.1."""


class StreamExists(TransmitterError):
    """The Receiver has its one stream already."""


class TooManyRequests(TransmitterError):
    """A verification came before the interval was over; `retry_after_s` is what is left of it."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnservedProfile(ValueError):
    """A profile asks for something that the mock can't play; the message names the key."""
