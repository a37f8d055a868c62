"""The golden tokens and their keys."""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "golden" / "sets"
TOKENS = json.loads((FOLDER / "tokens.json").read_text(encoding="utf-8"))
KEYS = json.loads((FOLDER / "keys.json").read_text(encoding="utf-8"))
ISSUER = "https://transmitter.example"
AUDIENCE = "https://receiver.example"

_BY_NAME = {one["name"]: one["token"] for one in TOKENS}


def token(name):
    """Return the token of that name."""
    return _BY_NAME[name]
