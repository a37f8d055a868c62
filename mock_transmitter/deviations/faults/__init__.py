"""Faults, by the section whose requirement they break."""
