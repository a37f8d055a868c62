"""Helpers for deviations that change answers or requests."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply


def with_configurations(
    outcome: Outcome, edit: Callable[[Json], Json], *, needs: str | None = None
) -> Outcome:
    """Return the outcome with each stream configuration in it edited.

    A configuration without the member that the edit needs is left alone: another deviation may have
    removed it.
    """
    if not isinstance(outcome, Reply):
        return outcome

    def edited(document: Json) -> Json:
        return edit(document) if needs is None or needs in document else document

    if outcome.message == "stream_configuration":
        return replace(outcome, document=edited(outcome.document))
    if outcome.message == "stream_configurations" and isinstance(outcome.document, list):
        return replace(outcome, document=[edited(one) for one in outcome.document])
    return outcome


class ShownConfiguration(Deviation, ABC):
    """Changes each stream configuration that is shown, if it has the member `where`."""

    where: ClassVar[str | None] = None

    @abstractmethod
    def shown(self, document: Json, call: Call) -> Json:
        """Return the configuration to show in the answer to a call."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        return with_configurations(
            proceed(call), lambda document: self.shown(document, call), needs=self.where
        )


class ChangedReply(Deviation, ABC):
    """Changes the reply of an operation, once there is one."""

    @abstractmethod
    def changed(self, reply: Reply, call: Call) -> Outcome:
        """Return the answer to give."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        return self.changed(outcome, call) if isinstance(outcome, Reply) else outcome


def sets_in(outcome: Outcome | None) -> Mapping[str, Any] | None:
    """Return the SETs in the answer to a poll, or None if it waits or was refused."""
    if isinstance(outcome, Reply) and isinstance(outcome.document, dict):
        found = outcome.document.get("sets")
        return found if isinstance(found, dict) else None
    return None


def with_body(call: Call, **members: object) -> Call:
    """Return the call with these members in its body."""
    return replace(call, body={**call.body, **members})


def without(members: Mapping[str, Any], *names: str) -> Json:
    """Return a document without some of its members."""
    return {name: value for name, value in members.items() if name not in names}


def with_header(response: Response, name: str, value: str | None) -> Response:
    """Return the response with a header replaced, or removed."""
    headers = tuple(header for header in response.headers if header[0] != name)
    return replace(response, headers=headers if value is None else (*headers, (name, value)))


def with_document(request: Request, document: Json) -> Request:
    """Return the request with another body."""
    return replace(request, body=json.dumps(document).encode())


def sent(request: Request) -> Any:  # noqa: ANN401 (JSON)
    """Return the JSON of an update request, or None if it has none."""
    if request.method not in {"PATCH", "PUT"}:
        return None
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None
