"""JSON Schema -> Hypothesis: what a Receiver may send, and what it may not, drawn frugally."""

from conformance.generate.boundaries import EVENT_BOUNDARIES, Boundary, text_boundaries
from conformance.generate.configurations import (
    replacements,
    stream_patches,
    stream_properties,
    stream_subjects,
    whole_bodies,
)
from conformance.generate.example_settings import explore
from conformance.generate.invalid_values import Site, sites
from conformance.generate.subject_values import (
    simple_formats,
    subject_of_format,
    subject_sites,
    subjects_alike,
)

__all__ = [
    "EVENT_BOUNDARIES",
    "Boundary",
    "Site",
    "explore",
    "replacements",
    "simple_formats",
    "sites",
    "stream_patches",
    "stream_properties",
    "stream_subjects",
    "subject_of_format",
    "subject_sites",
    "subjects_alike",
    "text_boundaries",
    "whole_bodies",
]
