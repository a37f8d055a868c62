"""Judging the shape of a message: each annotated keyword of its schema is one check."""

from collections.abc import Iterator
from typing import Any

from conformance.judging.checks import current, observe, verify
from conformance.receiver.operations import Operations
from conformance.spec import schema


def requirements_of(*names: str) -> tuple[str, ...]:
    """Return the ids that the annotations of these schemas can judge, references included."""
    found: dict[str, None] = {}
    for name in names:
        for requirement in _annotations(schema.load(name), schema.load(name), set()):
            found[requirement] = None
    return tuple(found)


def verify_shape(operations: Operations, message: str, document: object) -> None:
    """Judge a canonical message by the schema that the profile names for it.

    Only the ids of the running case are judged. A keyword that had nothing to apply to is not
    checked.
    """
    findings = schema.judge(
        operations.profile.schemas[message], document, tls=operations.target.tls
    )
    for requirement in sorted(findings.seen & current().ids):
        breaches = findings.of(requirement)
        verify(
            requirement,
            not breaches,
            expected=_expected(breaches[0]) if breaches else "the shape of the text",
            got=f"{breaches[0].path}: {breaches[0].message}" if breaches else "it",
        )


def observe_truncation(sent: object, shown: object) -> None:
    """Note a description that is truncated to a maximum length (SSF 1.0 section 8.1.1)."""
    if isinstance(sent, str) and isinstance(shown, str) and 0 < len(shown) < len(sent):
        observe(
            "SSF-8.1.1-DESCRIPTION-TRUNCATED",
            f"a description of {len(sent)} characters is cut to {len(shown)}",
        )


def verify_delivered_subset(configuration: dict[str, Any], requested: object) -> None:
    """Judge that events_delivered is a subset of events_supported and events_requested."""
    delivered = configuration.get("events_delivered")
    if not isinstance(delivered, list):
        return
    shown = configuration.get("events_requested")
    for bound in (configuration.get("events_supported"), shown if requested is None else requested):
        if isinstance(bound, list):
            verify(
                "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
                set(map(str, delivered)) <= set(map(str, bound)),
                expected=f"events_delivered inside {bound!r}",
                got=delivered,
            )


def _expected(breach: schema.Breach) -> str:
    return f"a message whose {breach.path} keeps {breach.keyword!r} of the schema"


def _annotations(root: schema.Json, node: Any, walked: set[int]) -> Iterator[str]:  # noqa: ANN401 (JSON)
    if isinstance(node, list):
        for part in node:
            yield from _annotations(root, part, walked)
    if not isinstance(node, dict) or id(node) in walked:
        return
    walked.add(id(node))
    if isinstance(node.get("$ref"), str):
        target, file = schema.resolve(root, node["$ref"])
        yield from _annotations(schema.load(file), target, walked)
    for requirement in node.get("x-requirement", {}).values():
        yield from requirement.values() if isinstance(requirement, dict) else (requirement,)
    for keyword, part in node.items():
        if keyword not in {"x-requirement", "x-observe", "x-tls", "enum", "const"}:
            yield from _annotations(root, part, walked)
