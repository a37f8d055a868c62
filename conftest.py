"""Lets our own tests import the helpers that stand beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "tests" / "conformance"))
