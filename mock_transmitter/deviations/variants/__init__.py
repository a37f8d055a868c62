"""Variants: Transmitters that differ from the reference and conform; nothing may alarm on them."""
