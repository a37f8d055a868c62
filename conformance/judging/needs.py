"""What a case declares: the requirements that it may judge, and what it needs of a target."""

import inspect
from dataclasses import dataclass

DECLARATION = "ssf_declaration"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a case needs of a target, besides the operations of its rows.

    `stream` says that it gets one of its own (or borrows the implicit one), `sets` how many SETs an
    example has to be able to raise, `events` that it chooses what happens, `subjects` also whom it
    is about, `status_changes` that the Transmitter itself changes a status, `clock` that the
    target's time can be moved, `destructive` that the API can't undo what the case does,
    `second_receiver`, `limited_receiver` and `oauth_client` the credential of that name, `delivery`
    a delivery method to receive by (without one, SETs may come by either), `model` that it speaks
    of explicit or implicit streams alone, `handshakes` that it shakes hands with the target's
    hosts.
    """

    operations: tuple[str, ...] = ()
    stream: bool = False
    sets: int = 0
    events: bool = False
    subjects: bool = False
    status_changes: bool = False
    clock: bool = False
    destructive: bool = False
    second_receiver: bool = False
    limited_receiver: bool = False
    oauth_client: bool = False
    delivery: str | None = None
    model: str | None = None
    handshakes: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a case says of itself: the ids that it may judge, and its needs."""

    ids: tuple[str, ...]
    needs: Needs


def declaration_of(function: object) -> Declaration | None:
    """Return what a case declares, or None for a function that is no case."""
    found = getattr(function, DECLARATION, None)
    return found if isinstance(found, Declaration) else None


def claim_of(function: object) -> str:
    """Return the claim that a case makes: the first sentence of its docstring."""
    text = inspect.getdoc(function) or ""
    return " ".join(text.split("\n\n")[0].split())
