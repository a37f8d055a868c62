"""Deviations of stream ids, and of replacing a configuration."""

from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.kinds.calls import OnStream
from mock_transmitter.deviations.kinds.documents import (
    sent,
    with_body,
    with_configurations,
    with_document,
    without,
)
from mock_transmitter.domain.stream import StreamConfiguration
from mock_transmitter.http.message import Request
from mock_transmitter.http.operations import Call, Outcome, Reply

# No stream has this id.
UNNAMED = "*"


class RenamedStreams(Deviation):
    """Shows each stream_id in another spelling, and accepts only that spelling."""

    before: ClassVar[str]
    after: ClassVar[str]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.stream_id is not None and call.operation not in {"poll", "acknowledge"}:
            call = replace(call, stream_id=self._own(call.stream_id))
            if "stream_id" in call.body:
                call = with_body(call, stream_id=call.stream_id)
        outcome = proceed(call)
        if isinstance(outcome, Reply) and outcome.message == "stream_status":
            named = "stream_id" in outcome.document
            return replace(outcome, document=self._named(outcome.document)) if named else outcome
        return with_configurations(outcome, self._named, needs="stream_id")

    def _named(self, document: Json) -> Json:
        return {**document, "stream_id": self._spelt(document["stream_id"])}

    def claims(self, claims: Json, at: At) -> Json:
        """Write it where a SET is about the stream."""
        subject = claims.get("sub_id")
        if not isinstance(subject, dict) or subject.get("id") != at.stream.stream_id:
            return claims
        return {**claims, "sub_id": {**subject, "id": self._spelt(at.stream.stream_id)}}

    def _spelt(self, stream_id: str) -> str:
        return f"{self.before}{stream_id}{self.after}"

    def _own(self, spelt: str) -> str:
        known = spelt.startswith(self.before) and spelt.endswith(self.after)
        return spelt.removeprefix(self.before).removesuffix(self.after) if known else f"no {spelt}"


class UnnamedStream(Deviation):
    """Lets a request without a stream_id reach a stream."""

    def request(self, request: Request, at: At) -> Request:
        body = sent(request)
        if not isinstance(body, dict) or "stream_id" in body:
            return request
        return with_document(request, {**body, "stream_id": UNNAMED})


class PostDeviation(OnStream):
    """Changes each replacement of an existing configuration."""

    on: ClassVar[tuple[str, ...]] = ("replace_stream",)


def with_format(configuration: StreamConfiguration, wish: object) -> StreamConfiguration:
    """Return a configuration with that format, or without one if it is None."""
    others = without(configuration.others, "format")
    return replace(configuration, others=others if wish is None else {**others, "format": wish})
