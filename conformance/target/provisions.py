"""Everything that the operator can provide so that more can be judged, in one table.

The hooks of target.toml and their placeholders, the plan's reasons, the template that `init` writes
and the words of the reports all come from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from conformance.spec.profile import Profile
from conformance.target import examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """One thing that the operator can provide.

    `name` stands in results.json, `place` says where it is written. `missing` gives, for each need
    of a case (a field of `judging.needs.Needs`), the reason why the case can't run without it.
    `hooks` are the entries of [hooks] that it takes, each with its placeholders. `purpose` and
    `example` stand in the template of `init`; the example is None where a profile has no such
    thing.
    """

    name: str
    place: str
    missing: Mapping[str, str]
    purpose: str
    example: Callable[[Profile], str | None]
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


# Where a case lacks several, the plan names the first.
_TABLE = (
    Provision(
        name="push_listener",
        place="--push-listen HOST:PORT or [push] in target.toml",
        missing={"sets": "nothing listens for pushes"},
        purpose="Where the suite listens for pushes, and how the target reaches it: through a"
        " tunnel that ends TLS, or with `cert` and `key`, two PEM files, by itself.",
        example=examples.push_listener,
    ),
    Provision(
        name="emit_event",
        place="[hooks.emit_event] in target.toml",
        missing={
            "sets": "nothing raises a SET: no verification endpoint",
            "events": "no hook raises an event of a given type",
            "subjects": "the hook that raises events takes no {subject}",
        },
        purpose="A request of yours that raises an event, so that SETs can be judged without"
        " verification requests. Braces are filled in.",
        example=examples.emit_event,
        hooks={"emit_event": ("event_type", "subject", "stream_id", "audience")},
    ),
    Provision(
        name="transmitter_status",
        place="[hooks.transmitter_status] in target.toml",
        missing={"status_changes": "no hook has the Transmitter change a status"},
        purpose="What has the Transmitter itself change a stream's status: by hand, as here, or as"
        " an http or command hook.",
        example=examples.transmitter_status,
        hooks={"transmitter_status": ("status", "reason", "subject", "stream_id", "audience")},
    ),
    Provision(
        name="clock",
        place="[hooks.clock.now] and [hooks.clock.advance] in target.toml",
        missing={"clock": "the target's clock can't be moved"},
        purpose="Commands of yours that tell the target's time in seconds, and move it. `read` is"
        " where the output, JSON, holds it.",
        example=examples.clock,
        hooks={"clock.now": (), "clock.advance": ("seconds",)},
    ),
    Provision(
        name="second_receiver",
        place="[second_receiver.auth.management] in target.toml",
        missing={"second_receiver": "a second Receiver's credential is missing"},
        purpose="Another Receiver's credential, for what one Receiver must not see of another.",
        example=examples.second_receiver,
    ),
    Provision(
        name="oauth_client",
        place="[auth.management] of kind oauth2-client-credentials in target.toml",
        missing={"oauth_client": "no client of an authorization server is lent"},
        purpose="Where an authorization server issues the token, put this in its place:",
        example=examples.oauth_client,
    ),
    Provision(
        name="limited_receiver",
        place="[limited_receiver.auth.management] in target.toml",
        missing={"limited_receiver": "a credential that may not manage streams is missing"},
        purpose="A valid credential that may neither read nor change streams.",
        example=examples.limited_receiver,
    ),
)

PROVISIONS: Mapping[str, Provision] = MappingProxyType({one.name: one for one in _TABLE})

# The placeholders of each entry of [hooks].
PLACEHOLDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {hook: names for one in _TABLE for hook, names in one.hooks.items()}
)
