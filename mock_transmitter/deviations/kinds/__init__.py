"""Kinds of deviations to build on, and small tools for them."""
