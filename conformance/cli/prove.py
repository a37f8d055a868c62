"""`ssf-conformance prove`: the suite proven on the bundled mock."""

import argparse

from conformance.cli.output import say
from conformance.proof.prove import Mode, Share, prove


def main(options: argparse.Namespace) -> int:
    """Run the proof and return 0 if everything is proven."""
    return prove(
        mode=Mode(options.mode),
        names=tuple(options.names),
        profiles=tuple(options.profile),
        share=Share.parse(options.share),
        json_file=options.json,
        say=say,
    )
