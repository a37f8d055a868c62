"""Faults of keeping a description: SSF 1.0 sections 8.1.1, 8.1.1.3 and 8.1.1.4."""

import html
import json
from dataclasses import replace
from typing import ClassVar
from urllib.parse import unquote_plus

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.documents import with_body, with_configurations, without
from mock_transmitter.deviations.entry import fault
from mock_transmitter.http.operations import Call, Outcome

CONFIGURES = frozenset({"create_stream", "update_stream", "replace_stream"})

_COLUMN = 255
_LAST_OF_THE_BMP = 0xFFFF


class DescriptionDeviation(Deviation):
    """Keeps another text than the description that was given."""

    operations: ClassVar[frozenset[str]] = CONFIGURES
    also: ClassVar[tuple[str, ...]] = (
        "SSF-8.1.1-DESCRIPTION",
        "SSF-8.1.1-DESCRIPTION-TRUNCATED",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.4-PUT-RO-MATCH-OK",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        description = call.body.get("description")
        if call.operation in self.operations and isinstance(description, str):
            call = with_body(call, description=self.kept(description))
        return proceed(call)

    def kept(self, description: str) -> str:
        """Return what is kept."""
        return description


class PatchedDescription(DescriptionDeviation):
    """Does so in a PATCH alone."""

    operations = frozenset({"update_stream"})
    breaks = ("SSF-8.1.1.3-PATCH-APPLIES",)
    also = (
        "SSF-8.1.1-DESCRIPTION",
        "SSF-8.1.1-DESCRIPTION-TRUNCATED",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
    )


@fault
class DescriptionBeyondAsciiIsLost(PatchedDescription):
    """A PATCH whose description has a character beyond ASCII empties the description."""

    def kept(self, description: str) -> str:
        return description if description.isascii() else ""


@fault
class DescriptionLosesCharactersBeyondTheBmp(DescriptionDeviation):
    """Each character of a description beyond the Basic Multilingual Plane is a question mark."""

    breaks = ("SSF-8.1.1.3-PATCH-APPLIES",)

    def kept(self, description: str) -> str:
        return "".join("?" if ord(one) > _LAST_OF_THE_BMP else one for one in description)


@fault
class LongDescriptionIsEmptied(PatchedDescription):
    """A PATCH with a description of more than 255 characters empties the description."""

    def kept(self, description: str) -> str:
        return description if len(description) <= _COLUMN else ""


@fault
class LongDescriptionIsAnotherText(DescriptionDeviation):
    """A description of more than 255 characters is kept as a remark that it was too long."""

    breaks = ("SSF-8.1.1.3-PATCH-APPLIES",)

    def kept(self, description: str) -> str:
        return description if len(description) <= _COLUMN else "(too long)"


@fault
class LongDescriptionLosesItsBeginning(PatchedDescription):
    """A PATCH with a description of more than 255 characters keeps the last 255."""

    def kept(self, description: str) -> str:
        return description[-_COLUMN:]


@fault
class LongDescriptionIsNotUpdated(Deviation):
    """A PATCH with a description of more than 255 characters leaves the old one in place."""

    breaks = ("SSF-8.1.1.3-PATCH-APPLIES",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        long = len(call.body.get("description") or "") > _COLUMN
        if call.operation == "update_stream" and long:
            call = replace(call, body=without(call.body, "description"))
        return proceed(call)


@fault
class DescriptionIsStripped(DescriptionDeviation):
    """White space at both ends of a description is not kept."""

    breaks = ("SSF-8.1.1.3-PATCH-APPLIES",)

    def kept(self, description: str) -> str:
        return description.strip()


@fault
class LineBreaksBecomeSpaces(DescriptionDeviation):
    """Line breaks and tabs in a description become spaces."""

    breaks = ("SSF-8.1.1.3-PATCH-APPLIES",)

    def kept(self, description: str) -> str:
        return description.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")


@fault
class DescriptionIsEscapedTwice(DescriptionDeviation):
    """Quotation marks and backslashes in a description are escaped once more than JSON asks."""

    breaks = ("SSF-8.1.1-DESCRIPTION", "SSF-8.1.1.3-PATCH-APPLIES")

    def kept(self, description: str) -> str:
        return json.dumps(description, ensure_ascii=False)[1:-1]


@fault
class PatchEscapesForHtml(PatchedDescription):
    """A PATCH keeps a description with its quotation marks and ampersands escaped for HTML."""

    def kept(self, description: str) -> str:
        return html.escape(description)


@fault
class ReplacementIsDecodedAsAForm(DescriptionDeviation):
    """A PUT decodes plus signs and percent signs in a description, as if it came from a form."""

    operations = frozenset({"replace_stream"})
    breaks = ("SSF-8.1.1.4-PUT-200",)
    also = ("SSF-8.1.1-DESCRIPTION", "SSF-8.1.1.4-PUT-RO-MATCH-OK")

    def kept(self, description: str) -> str:
        return unquote_plus(description)


@fault
class DescriptionOfDigitsIsShownAsANumber(Deviation):
    """A description that is made of digits alone is shown as a number."""

    breaks = ("SSF-8.1.1-DESCRIPTION",)
    also = (
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.4-PUT-200",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:

        def edit(document: Json) -> Json:
            shown = document["description"]
            number = isinstance(shown, str) and shown.isascii() and shown.isdigit()
            return {**document, "description": int(shown)} if number else document

        return with_configurations(proceed(call), edit, needs="description")
