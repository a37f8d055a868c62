"""What a case declares: the requirements that it may judge, and what it needs of a target."""

import inspect
from dataclasses import dataclass

DECLARATION = "ssf_declaration"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a case needs of a target, besides the operations of its rows.

    `stream`: a stream of its own, or the implicit one. `sets`: how many SETs an example must be
    able to raise. `events`: the case chooses the event type; `subjects`: the subject too.
    `status_changes`: the Transmitter itself changes a status. `clock`: the target's time can be
    moved. `destructive`: the API can't undo what the case does. `second_receiver`,
    `limited_receiver`, `oauth_client`: that credential. `delivery`: the delivery method by which
    SETs come; None for any. `model`: only targets with `explicit` or `implicit` streams.
    `handshakes`: TLS handshakes with the target's hosts.
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
    """A case's declaration: the ids that it may judge, and its needs."""

    ids: tuple[str, ...]
    needs: Needs


def declaration_of(function: object) -> Declaration | None:
    """Return the declaration of a case, or None for a function that is not a case."""
    found = getattr(function, DECLARATION, None)
    return found if isinstance(found, Declaration) else None


def claim_of(function: object) -> str:
    """Return the claim of a case: the first paragraph of its docstring."""
    text = inspect.getdoc(function) or ""
    return " ".join(text.split("\n\n")[0].split())
