"""Kinds of deviation to build on, and helpers for them."""
