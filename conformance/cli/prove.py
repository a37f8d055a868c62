"""`ssf-conformance prove`: the suite proven on the bundled mock."""

import argparse

from conformance.cli.output import say
from conformance.proof.prove import prove


def main(options: argparse.Namespace) -> int:
    """Run the proof and return 0 if everything is proven."""
    return prove(
        names=tuple(options.names),
        profiles=tuple(options.profile),
        json_file=options.json,
        full=options.full,
        say=say,
    )
