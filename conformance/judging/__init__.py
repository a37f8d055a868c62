"""What a case judges with. The functions that every case needs can be imported from here."""

from conformance.judging.checks import current, example, judges, observe, verify
from conformance.judging.needs import Needs
from conformance.judging.record import Nonconformance
from conformance.receiver.preconditions import Blocked, NotReached, require

__all__ = [
    "Blocked",
    "Needs",
    "Nonconformance",
    "NotReached",
    "current",
    "example",
    "judges",
    "observe",
    "require",
    "verify",
]
