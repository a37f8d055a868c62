"""How the tables of target.toml look: an example of each thing that the operator can provide."""

import json

from conformance.spec.profile import Profile

# The event type and the subject that the examples speak of.
EVENT_TYPE = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"


def toml_string(text: str) -> str:
    """Return a text as a TOML basic string."""
    # A JSON string is one too, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def bearer_table(table: str, variable: str) -> str:
    """Return a table with a bearer token from an environment variable."""
    return f'[{table}]\nkind = "bearer"\ntoken = {toml_string(f"env:{variable}")}'


def polls_apart(profile: Profile) -> bool:
    """Return whether polling takes a credential of its own in a profile."""
    poll = profile.operations.get("poll")
    return poll is not None and poll.channel == "poll"


def push_listener(profile: Profile) -> str:
    """Return where the suite listens, and the URL at which the target reaches it."""
    del profile
    return '[push]\nlisten = "0.0.0.0:8443"\nurl = "https://receiver.example:8443/"'


def emit_event(profile: Profile) -> str:
    """Return an HTTP hook that raises an event."""
    explicit = profile.stream.model == "explicit"
    whom = 'stream = "{stream_id}"' if explicit else 'audience = "{audience}"'
    return (
        '[hooks.emit_event]\nkind = "http"\nmethod = "POST"\n'
        'url = "https://hooks.example/events"\n'
        f'body = {{ type = "{{event_type}}", subject = "{{subject}}", {whom} }}'
    )


def transmitter_status(profile: Profile) -> str | None:
    """Return a hook by hand that changes a status; None where the profile has no status."""
    if not profile.offers("read_status"):
        return None
    whose = "stream {stream_id}" if profile.stream.model == "explicit" else "{audience}"
    return (
        '[hooks.transmitter_status]\nkind = "manual"\n'
        f'manual = "Set the status of {whose} to {{status}} in the admin console"'
    )


def clock(profile: Profile) -> str:
    """Return two commands that read and move the target's clock."""
    del profile
    return (
        '[hooks.clock.now]\nkind = "command"\nargv = ["./clock", "now"]\nread = "now"\n'
        '[hooks.clock.advance]\nkind = "command"\nargv = ["./clock", "advance", "{seconds}"]'
    )


def second_receiver(profile: Profile) -> str:
    """Return the credentials of another Receiver."""
    tables = [bearer_table("second_receiver.auth.management", "SSF_SECOND_TOKEN")]
    if polls_apart(profile):
        tables.append(bearer_table("second_receiver.auth.poll", "SSF_SECOND_POLL_TOKEN"))
    return "\n".join(tables)


def oauth_client(profile: Profile) -> str:
    """Return a client of an authorization server."""
    del profile
    return (
        '[auth.management]\nkind = "oauth2-client-credentials"\n'
        'token_url = "https://as.example/token"\nclient_id = "..."\n'
        'client_secret = "env:SSF_CLIENT_SECRET"'
    )


def limited_receiver(profile: Profile) -> str:
    """Return the credential of a Receiver that may do nothing."""
    del profile
    return bearer_table("limited_receiver.auth.management", "SSF_LIMITED_TOKEN")
