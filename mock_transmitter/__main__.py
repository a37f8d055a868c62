"""The entry point of `ssf-mock-transmitter`."""

import pkgutil
import sys
from collections.abc import Sequence

from mock_transmitter.options import parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = parser().parse_args(arguments)
    # The import takes a second, which --help need not wait for.
    return int(pkgutil.resolve_name("mock_transmitter.command:run")(options))


if __name__ == "__main__":
    sys.exit(main())
