"""Faults, in a folder for each part of the specifications that they break."""
