"""JSON Schema -> Hypothesis: what a Receiver may send, and what it may not, drawn frugally."""

from conformance.generate.boundaries import EVENT_BOUNDARIES, Boundary, text_boundaries
from conformance.generate.breaking import Site, sites
from conformance.generate.configurations import (
    replacements,
    stream_patches,
    stream_properties,
    whole_bodies,
)
from conformance.generate.exploring import explore

__all__ = [
    "EVENT_BOUNDARIES",
    "Boundary",
    "Site",
    "explore",
    "replacements",
    "sites",
    "stream_patches",
    "stream_properties",
    "text_boundaries",
    "whole_bodies",
]
