"""One long conversation with a mock, which goes wherever a deviation may show."""

import contextlib

import httpx

from mock_transmitter.domain.events import SUPPORTED
from mock_transmitter.domain.push import PushOutcome

USER = {"format": "email", "email": "user@example.com"}


class Differed(Exception):
    """A conversation has shown something other than an earlier one."""


def conversation(one):
    """Return all that a conversation with a mock shows, in order."""
    return Conversation(one).seen


def differs(one, expected):
    """Return whether a conversation shows something else; it ends at the first difference."""
    try:
        found = Conversation(one, expected)
    except Differed:
        return True
    return found.seen != expected


class Conversation:
    """A conversation that goes wherever a deviation may show.

    `seen` is what it shows, in order. Raises Differed where that is not what is `expected`.
    """

    TYPES = tuple(
        f"https://schemas.openid.net/secevent/caep/event-type/{name}"
        for name in ("session-revoked", "credential-change")
    )
    ALL = (*TYPES, "https://schemas.openid.net/secevent/caep/event-type/device-compliance-change")
    OUTCOMES = (
        PushOutcome(ending="refused", reason="400", err="access_denied"),
        PushOutcome(ending="delivered", reason="202"),
        PushOutcome(ending="failed", reason="503"),
    )
    TEXTS = (
        "Zoë",
        "a \U0001f511 b",
        'a "b" \\ & c',
        " a\nb ",
        "a+b%20c",
        "".join(f"{number:03} " for number in range(75)),
    )

    def __init__(self, one, expected=None):
        self.one = one
        self.seen = []
        self.expected = expected
        self.pushes = 0
        one.tenant._send = self.pushed
        self.send("GET", one.tenant.discovery_url)
        self.configuration = one.site.tenant.routes.url("configuration")
        self.send("GET", one.site.tenant.routes.url("jwks"))
        self.elsewhere()
        if one.tenant.transmitter.explicit:
            self.streams()
        else:
            self.implicit()

    def see(self, shown):
        """Keep what was shown."""
        place = len(self.seen)
        self.seen.append(shown)
        if self.expected is not None and self.expected[place : place + 1] != [shown]:
            raise Differed

    def elsewhere(self):
        """Ask for metadata where there may be none, and for what a limited token may not have."""
        for name in ("risc-configuration", "ssf-configuration/unknown"):
            self.send("GET", f"https://mock.example/.well-known/{name}")
        limited = self.one.first.limited_token
        for method, body in (("POST", {}), ("GET", None), ("PUT", {})):
            self.send(method, self.configuration, body, token=limited)
        basic = {"authorization": "Basic dTpw"}
        self.send("GET", self.configuration, token=None, headers=basic)
        self.authorization_server()

    def authorization_server(self):
        """Ask for its metadata, and for tokens."""
        for name in ("oauth-authorization-server", "oauth-protected-resource"):
            self.send("GET", f"https://mock.example/.well-known/{name}")
        client = self.one.first
        for extra in ("", "&scope=ssf.read", "&scope=ssf.unknown"):
            form = f"client_id={client.client_id}&client_secret={client.client_secret}"
            self.send(
                "POST",
                self.one.tenant.authorization_server.token_url,
                content=f"grant_type=client_credentials&{form}{extra}".encode(),
                token=None,
                headers={"content-type": "application/x-www-form-urlencoded"},
            )

    def pushed(self, attempt):
        """Stand in for a Receiver: it takes one push, loses the next and refuses the third."""
        self.see((attempt.method, attempt.url, sorted(attempt.headers.items())))
        self.see((attempt.body, self.one.tenant.clock.now()))
        self.pushes += 1
        return self.OUTCOMES[self.pushes % 3]

    def push_streams(self):
        """Have SETs pushed to two addresses, and the delivery changed meanwhile."""
        places = [
            {
                "method": self.one.profile.delivery.push,
                "endpoint_url": f"https://receiver.example/{place}?a=b",
                "authorization_header": f"Bearer {place}",
            }
            for place in ("one", "two")
        ]
        for stream in self.one.tenant.transmitter.streams(self.one.first.audience)[1:]:
            self.send("DELETE", self.place(stream))
        for delivery in places:
            body = {"events_requested": self.ALL, "delivery": delivery}
            self.send("POST", self.configuration, body)
        for stream in self.one.tenant.transmitter.streams(self.one.first.audience):
            url = self.one.site.tenant.routes.url("verification")
            for _ in range(4):
                self.emit(stream)
                self.send("POST", url, {"stream_id": stream.stream_id, "state": "x"})
                self.one.advance(60)
            self.change(stream, {"delivery": {**places[0], "authorization_header": "Bearer new"}})
            self.emit(stream)
            self.change(stream, {"delivery": {"method": self.one.profile.delivery.poll}})
            self.emit(stream)
            self.poll(stream, returnImmediately=True)
            self.look_at_queues()

    def statuses(self, stream):
        """Change the status in every way, with events raised meanwhile."""
        url = self.one.site.tenant.routes.url("status")
        named = {"stream_id": stream.stream_id} if self.one.tenant.transmitter.explicit else {}
        place = f"{url}?stream_id={stream.stream_id}" if named else url
        for status in ("paused", "enabled", "disabled", "paused", "disabled", "enabled", "odd", 7):
            self.send("POST", url, {**named, "status": status, "reason": "because"})
            self.send("GET", place)
            self.emit(stream)
            self.emit(stream)
            self.poll(stream, returnImmediately=True)
            self.look_at_queues()
        self.send("POST", url, {**named, "status": "paused"})
        self.send("POST", url, named)
        for token in (None, "garbage", "second", self.one.first.limited_token):
            self.send("GET", place, token=token)
            self.send("POST", url, {**named, "status": "enabled"}, token=token)
        about = {"subject": USER}
        self.send("POST", url, {**named, **about, "status": "paused"})
        self.send("POST", url, {**named, "status": "disabled"})
        act = {"stream_id": stream.stream_id, "status": "disabled", **about}
        self.one.control("POST", "status", act)
        self.send("POST", url, {**named, "status": "enabled"})
        self.poll(stream, returnImmediately=True)
        self.look_at_queues()
        for status in ("disabled", "enabled"):
            act = {"stream_id": stream.stream_id, "status": status, "reason": "by itself"}
            self.one.control("POST", "status", act)
            self.poll(stream, returnImmediately=True)
        self.one.advance(40 * 86_400)
        self.send("GET", place)
        self.poll(stream, returnImmediately=True)

    def subjects(self, stream):
        """Add and remove subjects, known and unknown ones, with events about them."""
        named = {"stream_id": stream.stream_id} if self.one.tenant.transmitter.explicit else {}
        user = USER
        phone = {"format": "phone_number", "phone_number": "+12065550100"}
        group = {"format": "complex", "user": user, "tenant": {"format": "opaque", "id": "t"}}
        narrower = {**group, "device": {"format": "opaque", "id": "d"}}
        for subject in (user, phone, group, {}, "x"):
            for operation in ("add_subject", "add_subject", "remove_subject", "remove_subject"):
                url = self.one.site.tenant.routes.url(operation)
                self.send("POST", url, {**named, "subject": subject, "verified": True})
                self.send("POST", url, {**named, "subject": subject}, token="second")
                for about in (user, phone, group, narrower):
                    event = {"stream_id": stream.stream_id, "subject": about}
                    self.one.control("POST", "events", event)
                self.poll(stream, returnImmediately=True)
                self.look_at_queues()

    def send(self, method, url, body=None, **how):
        answer = self.one.call(method, url, body, **how)
        self.see((answer.status_code, sorted(answer.headers.items()), answer.text))
        self.see(self.one.tenant.clock.now())
        return answer

    def streams(self):
        self.send("GET", self.configuration)
        body = {"events_requested": [self.TYPES[0], "urn:x:y"], "description": "long " * 20}
        self.send("POST", self.configuration, body)
        self.send("POST", self.configuration, {})
        self.send("POST", self.configuration, {}, token="second")
        self.send("GET", self.configuration)
        streams = self.one.tenant.transmitter.streams(self.one.first.audience)
        profile = self.one.profile
        for stream in streams:
            shown = self.one.tenant.transmitter.document(stream)
            for token in ("first", "second", None, "garbage", self.one.first.limited_token):
                self.send("GET", self.place(stream), token=token)
            foreign = {"stream_id": stream.stream_id, "description": "of another Receiver"}
            self.send("PUT", self.configuration, foreign, token="second")
            if profile.offers("verify"):
                self.verifications(stream)
            self.updates(stream, shown)
            self.polls(stream)
            for token in (
                None,
                "garbage",
                "second",
                self.one.first.limited_token,
                "first",
                "first",
            ):
                self.send("DELETE", self.place(stream), token=token)
            self.send("GET", self.place(stream))
            self.update(stream, {"description": "x"})
            self.poll(stream, returnImmediately=True)
        self.send("GET", self.configuration, token=None)
        self.send("GET", self.configuration)
        if profile.operations["update_stream"].stream_id == "body":
            self.streams_together()
            self.statuses_and_subjects()
            self.push_streams()

    def statuses_and_subjects(self):
        """Go through both on a stream of its own."""
        answer = self.send("POST", self.configuration, {"events_requested": self.ALL})
        streams = self.one.tenant.transmitter.streams(self.one.first.audience)
        if answer.is_success and streams:
            self.statuses(streams[-1])
            self.subjects(streams[-1])

    def streams_together(self):
        """Have several streams, and what only some Transmitters can keep or refuse."""
        self.send("POST", self.configuration, {"description": "one", "events_requested": self.ALL})
        self.send("GET", self.configuration)
        unknown = {"method": "urn:example:carrier-pigeon", "endpoint_url": "https://x.example/"}
        self.send("POST", self.configuration, {"delivery": unknown})
        self.send("POST", self.configuration, {"events_requested": self.TYPES[:1]})
        self.send("POST", self.configuration, {"description": "12345"})
        streams = self.one.tenant.transmitter.streams(self.one.first.audience)
        if not streams:
            return
        first, newest = streams[0], streams[-1]
        self.look()
        for text in self.TEXTS:
            self.change(first, {"description": text})
            self.change(first, {"description": text, "events_requested": self.TYPES[:1]}, "PUT")
        poll = {"method": self.one.profile.delivery.poll}
        for body in (
            {"delivery": poll},
            {"description": ""},
            {"description": None},
            {"description": "kept"},
            {"description": "kept"},
            {"description": 5},
            {"delivery": poll},
            {"delivery": "poll"},
            {"delivery": {"endpoint_url": "https://x.example/"}},
            {"delivery": unknown},
            {"events_requested": self.ALL},
            {"events_requested": [*self.TYPES, *self.TYPES]},
            {"events_requested": ",".join(self.ALL)},
        ):
            self.change(first, body)
        for member, value in (
            ("aud", ["https://other.example"]),
            ("events_supported", ["urn:x:y"]),
            ("min_verification_interval", 31),
            ("inactivity_timeout", 1),
        ):
            for method in ("PATCH", "PUT"):
                self.change(newest, {"description": "kept"})
                body = {"description": method, "events_requested": [], member: value}
                self.change(first, body, method)
        self.change(newest, {"description": "kept"})
        self.change(first, {"delivery": poll}, "PUT")
        for method in ("PATCH", "PUT"):
            self.send(method, self.configuration, {"description": "of none"})
            self.send(method, self.configuration, {"stream_id": "x", "description": "of none"})
            self.send(method, self.configuration, content=b"[]")
        self.change(newest, {"description": "new"}, place=self.place(first))
        for method in ("PATCH", "PUT"):
            self.emit(first)
            self.change(first, {"events_requested": self.ALL}, method)
            self.poll(first, returnImmediately=True)
        self.change(first, {"description": "alone"})
        self.send("DELETE", self.configuration)
        self.send("DELETE", self.place(newest))
        for _ in range(12):
            self.send("POST", self.configuration, {})
        self.look()

    def change(self, stream, body, method="PATCH", place=None):
        self.send(method, place or self.configuration, {"stream_id": stream.stream_id, **body})
        self.look()

    def look(self):
        self.send("GET", self.configuration)
        for stream in self.one.tenant.transmitter.streams(self.one.first.audience):
            self.send("GET", self.place(stream))

    def implicit(self):
        shown = self.send("GET", self.configuration).json()
        unknown = {**shown, "events_requested": [self.TYPES[1], "urn:x:y"], "format": "email"}
        self.send("POST", self.configuration, unknown)
        self.send("POST", self.configuration, shown)
        for member in ("events_requested", "delivery", "format"):
            body = {key: value for key, value in unknown.items() if key != member}
            self.send("POST", self.configuration, body)
            self.send("GET", self.configuration)
        for member, value in (("iss", "https://other.example"), ("aud", "https://other.example")):
            self.send("POST", self.configuration, {**unknown, member: value})
            self.send("GET", self.configuration)
        for token in (None, "garbage"):
            self.send("GET", self.configuration, token=token)
            self.send("POST", self.configuration, unknown, token=token)
        url = self.one.site.tenant.routes.url("verification")
        self.send("POST", url, {"state": "x"})
        self.one.advance(60)
        self.send("POST", url, {"state": "x"})
        self.edits(shown)
        stream = self.one.tenant.transmitter.only_stream(self.one.first.audience)
        self.statuses(stream)
        if self.one.profile.offers("add_subject"):
            self.subjects(stream)
        self.send("POST", self.configuration, {**shown, "format": "email"})
        self.send("DELETE", self.configuration)
        self.send("GET", self.configuration)
        self.send("POST", self.configuration, shown)

    def edits(self, shown):
        plain = {name: shown[name] for name in ("events_requested", "delivery")}
        push = {**plain["delivery"], "endpoint_url": "https://receiver.example/a?b=" + "c" * 255}
        for edit in (
            {"format": "email"},
            {"format": "email"},
            {},
            {},
            {"format": "email"},
            {"format": "iss_sub"},
            {"format": "email"},
            {"format": "é" * 300},
            {"format": 5},
            {"events_requested": [f"urn:x:{number}" for number in range(20)]},
            {"events_requested": shown.get("events_supported", [])},
            {"delivery": {**push, "authorization_header": "Bearer a"}},
            {"delivery": push},
            {"min_verification_interval": 31},
        ):
            self.send("POST", self.configuration, {**plain, **edit})
            self.send("GET", self.configuration)
            self.send("GET", self.configuration, token="second")

    def place(self, stream):
        read = self.one.profile.operations["read_stream"]
        if read.stream_id == "path":
            return self.one.site.tenant.routes.url(read.endpoint, stream.stream_id)
        return f"{self.configuration}?stream_id={stream.stream_id}"

    def update(self, stream, body, method="PATCH"):
        update = self.one.profile.operations["update_stream"]
        if update.stream_id == "path":
            url = self.place(stream)
        else:
            url, body = self.configuration, {"stream_id": stream.stream_id, **body}
        self.send(method, url, body)
        self.send("GET", self.place(stream))

    def updates(self, stream, shown):
        names = self.one.profile.stream.transmitter_supplied
        readonly = {name: shown[name] for name in names if name in shown}
        methods = ("PATCH", "PUT") if self.one.profile.offers("replace_stream") else ("PATCH",)
        for method in methods:
            self.update(stream, {"description": "short", "events_requested": [*self.TYPES]}, method)
            self.update(stream, readonly, method)
            self.update(stream, {"events_requested": [self.TYPES[1]]}, method)
            self.update(stream, {"iss": "https://other.example"}, method)
            self.update(stream, {"aud": "https://other.example"}, method)
            self.update(stream, {"iss": shown["iss"], "description": 7}, method)
            self.update(stream, {"events_requested": [*self.TYPES]}, method)
        self.update(stream, {"events_requested": [*self.TYPES]})
        self.send("PATCH", self.configuration, {"stream_id": "x", "description": "y"})

    def verifications(self, stream):
        url = self.one.site.tenant.routes.url("verification")
        for state in ({"state": "a long enough state"}, {}):
            self.send("POST", url, {"stream_id": stream.stream_id, **state})
            self.one.advance(60)
        for token in ("second", "first", "first"):
            self.send("POST", url, {"stream_id": stream.stream_id}, token=token)
        self.one.advance(31)
        self.send("POST", url, {"stream_id": stream.stream_id})
        self.one.advance(60)

    def polls(self, stream):
        for _ in range(4):
            self.emit(stream)
        self.poll(stream, token=None, returnImmediately=True)
        self.poll(stream, token=self.one.second.poll_token or "second", returnImmediately=True)
        self.poll(stream, returnImmediately=True, maxEvents=0)
        self.poll(stream, returnImmediately=True, maxEvents=1)
        self.poll(stream)
        self.walk(stream, 22)
        pending = [one.jti for one in stream.queue]
        self.acknowledge(stream, pending[:1])
        self.walk(stream, 3)
        self.emit(stream)
        self.one.advance(100_000)
        self.poll(stream, returnImmediately=True)
        pending = [one.jti for one in stream.queue]
        if pending:
            report = {pending[0]: {"err": "invalid_request", "description": "x"}}
            self.poll(stream, returnImmediately=True, setErrs=report)
        for _ in range(3):
            self.acknowledge(stream, pending)
            self.acknowledge(stream, [*pending, "unknown"])
            self.one.advance(100_000)
            self.poll(stream, returnImmediately=True)
        self.poll(stream, returnImmediately=False)
        self.emit(stream)
        self.poll(stream, returnImmediately=True)
        self.acknowledgements(stream)
        self.bodies(stream)
        self.held_polls(stream)
        self.every_type(stream)

    def acknowledgements(self, stream):
        """Acknowledge and report what only some Transmitters take, and see what is left."""
        report = {"err": "invalid_request", "description": "x"}
        for _ in range(14):
            self.emit(stream)
        self.poll(stream, returnImmediately=True)
        jtis = [one.jti for one in stream.queue]
        others = self.one.tenant.transmitter.streams()
        for one in others:
            wanted = {"events_requested": [*self.TYPES]}
            self.one.tenant.transmitter.update_stream(one, wanted)
            self.emit(one)
        self.poll(stream, returnImmediately=True)
        foreign = [pending.jti for one in others if one is not stream for pending in one.queue]
        unheard = [f"never-heard-of-{number}" for number in range(200)]
        for ack in ([], [*jtis[:2], *jtis[:1]], unheard, foreign, jtis[2:]):
            self.acknowledge(stream, ack)
            self.look_at_queues()
        for ack, errors, most in (
            ([], {}, 0),
            ([0], {}, 0),
            ([1], {2: report, 3: report}, 5),
            ([], {4: report, 5: report}, 1),
            ([], {6: {**report, "description": "clé"}}, None),
            ([], {6: {**report, "err": "odd"}}, None),
            ([6], {}, 10_000),
            ([], {}, 2**40),
        ):
            for _ in range(8):
                self.emit(stream)
            self.poll(stream, returnImmediately=True, maxEvents=1)
            self.poll(stream, returnImmediately=True)
            jtis = [one.jti for one in stream.queue]
            body = {} if most is None else {"maxEvents": most}
            body |= {"ack": [jtis[place] for place in ack if place < len(jtis)]}
            body |= {"setErrs": {jtis[at]: one for at, one in errors.items() if at < len(jtis)}}
            self.poll(stream, returnImmediately=True, **body)
            self.look_at_queues()
        self.poll(stream, ack=[one.jti for one in stream.queue])
        self.look_at_queues()
        for count in (1, 2):
            for _ in range(count):
                self.emit(stream)
            self.poll(stream, returnImmediately=True, maxEvents=1)
            self.acknowledge(stream, [one.jti for one in stream.queue])

    def bodies(self, stream):
        """Send what is no poll, and what is labelled otherwise."""
        url = self.one.site.tenant.routes.url("poll", stream.stream_id)
        own = self.one.first.poll_token or self.one.first.management_token
        poll = b'{"returnImmediately": true, "return_immediately": true}'
        self.emit(stream)
        for content in (b"[]", b"{", b"7", b'{"maxEvents": "x", "max_events": "x"}'):
            self.send("POST", url, content=content, token=own)
        for label in ("application/json; charset=utf-8", "text/plain"):
            headers = {"content-type": label}
            self.send("POST", url, content=poll, headers=headers, token=own)
        self.look_at_queues()

    def held_polls(self, stream):
        """Let go of a long poll, and poll meanwhile."""
        self.acknowledge(stream, [one.jti for one in stream.queue])
        url = self.one.site.tenant.routes.url("poll", stream.stream_id)
        own = self.one.first.poll_token or self.one.first.management_token
        with contextlib.suppress(httpx.ReadTimeout):
            self.one.http.request(
                "POST",
                url,
                content=b'{"return_immediately": false}',
                headers={"authorization": f"Bearer {own}"},
                extensions={"held": True},
                timeout=0.001,
            )
        self.poll(stream, returnImmediately=False)
        self.emit(stream)
        self.poll(stream, returnImmediately=True)
        self.poll(stream, returnImmediately=False)
        self.look_at_queues()

    def every_type(self, stream):
        """Let an event of each type happen."""
        transmitter = self.one.tenant.transmitter
        transmitter.update_stream(stream, {"events_requested": [*SUPPORTED]})
        for event_type in SUPPORTED:
            body = {"event_type": event_type, "stream_id": stream.stream_id}
            self.one.control("POST", "events", body)
        self.poll(stream, returnImmediately=True)
        self.acknowledge(stream, [one.jti for one in stream.queue])

    def look_at_queues(self):
        streams = self.one.tenant.transmitter.streams()
        self.see([[pending.jti for pending in one.queue] for one in streams])

    def emit(self, stream):
        """Let an event happen, if the stream is still there."""
        self.one.control("POST", "events", {"stream_id": stream.stream_id})

    def walk(self, stream, steps):
        for _ in range(steps):
            due = stream.queue.next_due()
            if due is not None:
                self.one.tenant.clock.advance_to(due)
            self.poll(stream, returnImmediately=True, x=1)

    def poll(self, stream, *, token="own", **body):
        names = self.one.profile.names.get("poll_request", {})
        own = self.one.first.poll_token or self.one.first.management_token
        self.send(
            "POST",
            self.one.site.tenant.routes.url("poll", stream.stream_id),
            {names.get(name, name): value for name, value in body.items()},
            token=own if token == "own" else token,
        )

    def acknowledge(self, stream, jtis):
        if self.one.profile.offers("acknowledge"):
            url = self.one.site.tenant.routes.url("acknowledge", stream.stream_id)
            self.send("POST", url, {"acks": jtis}, token=self.one.first.poll_token)
        else:
            self.poll(stream, returnImmediately=True, ack=jtis)
