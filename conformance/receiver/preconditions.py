"""What a case can't go on without: require(), and the exceptions that end a case early."""


class NotReached(Exception):
    """A precondition did not hold, without which the rest of the case has no meaning."""


class Blocked(NotReached):
    """There is nothing to judge, such as no SET within the patience."""


def require(held: object, reason: str) -> None:
    """Go on only if a precondition holds.

    Raises NotReached: the case's remaining rows are not reached.
    """
    if not held:
        raise NotReached(reason)
