"""Lets our own tests import the helpers in tests/support."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "tests" / "support"))
