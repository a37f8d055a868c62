"""JSON Schema -> Hypothesis: what a Receiver may send, drawn frugally."""

from conformance.generate.configurations import (
    replacements,
    stream_patches,
    stream_properties,
)
from conformance.generate.exploring import explore

__all__ = ["explore", "replacements", "stream_patches", "stream_properties"]
