"""Faults of keeping a description: SSF 1.0 sections 8.1.1, 8.1.1.3 and 8.1.1.4."""

import html
import json
from collections.abc import Collection
from dataclasses import replace
from typing import ClassVar
from urllib.parse import unquote_plus

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.deviations.kinds.calls import CONFIGURES
from mock_transmitter.deviations.kinds.documents import ShownConfiguration, with_body, without
from mock_transmitter.http.operations import Call, Outcome

_COLUMN = 255
_LAST_OF_THE_BMP = 0xFFFF


class DescriptionDeviation(Deviation):
    """Stores another text than the description that was given."""

    on: ClassVar[Collection[str]] = CONFIGURES
    also: ClassVar[tuple[str, ...]] = (
        "SSF-8.1.1-DESCRIPTION",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.4-PUT-200",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        description = call.body.get("description")
        if isinstance(description, str):
            call = with_body(call, description=self.kept(description))
        return proceed(call)

    def kept(self, description: str) -> str:
        """Return the text to store."""
        return description


class PatchedDescription(DescriptionDeviation):
    """Stores another description in a PATCH only."""

    on = ("update_stream",)
    breaks = ("SSF-8.1.1.3-PATCH-APPLIES",)
    also = ()


@fault_at(PatchedDescription, "kept")
def description_beyond_ascii_is_lost(description: str) -> str:
    """A PATCH whose description has a character beyond ASCII empties the description."""
    return description if description.isascii() else ""


@fault_at(DescriptionDeviation, "kept", breaks=("SSF-8.1.1.3-PATCH-APPLIES",))
def description_loses_characters_beyond_the_bmp(description: str) -> str:
    """Each character of a description beyond the Basic Multilingual Plane is a question mark."""
    return "".join("?" if ord(one) > _LAST_OF_THE_BMP else one for one in description)


@fault_at(PatchedDescription, "kept")
def long_description_is_emptied(description: str) -> str:
    """A PATCH with a description of more than 255 characters empties the description."""
    return description if len(description) <= _COLUMN else ""


@fault_at(DescriptionDeviation, "kept", breaks=("SSF-8.1.1.3-PATCH-APPLIES",))
def long_description_is_another_text(description: str) -> str:
    """A description of more than 255 characters is kept as a remark that it was too long."""
    return description if len(description) <= _COLUMN else "(too long)"


@fault_at(PatchedDescription, "kept")
def long_description_loses_its_beginning(description: str) -> str:
    """A PATCH with a description of more than 255 characters keeps the last 255."""
    return description[-_COLUMN:]


@fault_at("operation", on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-APPLIES",))
def long_description_is_not_updated(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH with a description of more than 255 characters leaves the old one in place."""
    if len(call.body.get("description") or "") > _COLUMN:
        call = replace(call, body=without(call.body, "description"))
    return proceed(call)


@fault_at(DescriptionDeviation, "kept", breaks=("SSF-8.1.1.3-PATCH-APPLIES",))
def description_is_stripped(description: str) -> str:
    """White space at both ends of a description is not kept."""
    return description.strip()


@fault_at(DescriptionDeviation, "kept", breaks=("SSF-8.1.1.3-PATCH-APPLIES",))
def line_breaks_become_spaces(description: str) -> str:
    """Line breaks and tabs in a description become spaces."""
    return description.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")


@fault_at(
    DescriptionDeviation, "kept", breaks=("SSF-8.1.1-DESCRIPTION", "SSF-8.1.1.3-PATCH-APPLIES")
)
def description_is_escaped_twice(description: str) -> str:
    """Quotation marks and backslashes in a description are escaped once more than JSON asks."""
    return json.dumps(description, ensure_ascii=False)[1:-1]


@fault_at(PatchedDescription, "kept")
def patch_escapes_for_html(description: str) -> str:
    """A PATCH keeps a description with its quotation marks and ampersands escaped for HTML."""
    return html.escape(description)


@fault_at(
    DescriptionDeviation,
    "kept",
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-200",),
)
def replacement_is_decoded_as_a_form(description: str) -> str:
    """A PUT decodes plus signs and percent signs in a description, as if it came from a form."""
    return unquote_plus(description)


@fault_at(
    ShownConfiguration,
    where="description",
    breaks=("SSF-8.1.1-DESCRIPTION",),
    also=(
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.4-PUT-200",
    ),
)
def description_of_digits_is_shown_as_a_number(document: Json) -> Json:
    """A description that is made of digits alone is shown as a number."""
    shown = document["description"]
    number = isinstance(shown, str) and shown.isascii() and shown.isdigit()
    return {**document, "description": int(shown)} if number else document
