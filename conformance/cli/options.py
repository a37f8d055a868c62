"""The arguments of every command, and the function that carries it out.

The functions are named as text and imported once a command is chosen, so that --help and --version
need not import the whole suite.
"""

import argparse
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from conformance.engine import defaults
from conformance.spec.requirement import LEVELS

DEFAULT_REPORTS = Path("reports")

# argparse has no public name for what add_subparsers() returns.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


class _Version(argparse.Action):
    """Prints the version. It is looked up only when asked for, because that takes a while."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> NoReturn:
        del namespace, values, option_string
        suite_version = pkgutil.resolve_name("conformance.engine.version:suite_version")
        parser.exit(message=f"{suite_version()}\n")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line.

    `command` names the function for the command as `module:function`, and `arguments` are the words
    as given. Raises SystemExit.
    """
    options = _parser().parse_args(arguments)
    options.arguments = list(arguments)
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ssf-conformance",
        description="A conformance suite for OpenID Shared Signals Transmitters.",
        epilog="Exit codes: 0 conformant, 1 nonconformant, 2 interrupted, 3 an error of the suite,"
        " 4 wrong usage or an unreachable target, 5 nothing was judged, 6 incomplete.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version, and stop")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_init(commands)
    _add_profiles(commands)
    _add_requirements(commands)
    _add_inspect_set(commands)
    _add_prove(commands)
    return parser


def _add_run(commands: Commands) -> None:
    run = commands.add_parser("run", help="judge a Transmitter", description="Judge a Transmitter.")
    run.set_defaults(command="conformance.cli.run:main")
    run.add_argument("target", nargs="?", metavar="ISSUER_URL | target.toml")
    run.add_argument("--mock", action="store_true", help="judge the bundled mock, in process")
    run.add_argument("--tls", action="store_true", help="with --mock: as a server over TLS")
    run.add_argument("--profile", metavar="NAME|FILE", help="the text that the target is held to")
    run.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a profile's key"
    )
    run.add_argument("--token-env", metavar="VAR", help="environment variable with a bearer token")
    run.add_argument(
        "--requirement",
        action="append",
        default=[],
        metavar="ID",
        help="judge this requirement; repeatable",
    )
    run.add_argument(
        "--section",
        action="append",
        default=[],
        metavar="S",
        help="judge this section of any text, and its subsections; repeatable",
    )
    run.add_argument(
        "--examples",
        type=int,
        default=defaults.EXAMPLES,
        metavar="N",
        help="examples for each generated case (default %(default)s)",
    )
    run.add_argument("--seed", type=int, metavar="N", help="draw other examples, from this seed")
    run.add_argument("--workers", type=int, metavar="N", help="how many cases run in parallel")
    run.add_argument("--max-rps", type=float, metavar="R", help="requests per second, at most")
    run.add_argument("--patience", type=float, metavar="SECONDS", help="how long to wait for a SET")
    run.add_argument(
        "--known-failures",
        type=Path,
        metavar="FILE",
        help="requirements that may fail until a date",
    )
    run.add_argument("--strict", action="store_true", help="count warnings as failures")
    run.add_argument("--allow-incomplete", action="store_true", help="exit 0 for INCOMPLETE")
    run.add_argument("--allow-http", action="store_true", help="allow http, for a lab without TLS")
    run.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these authorities as well")
    run.add_argument(
        "--allow-destructive", action="store_true", help="allow changes that can't be undone"
    )
    run.add_argument("--push-listen", metavar="HOST:PORT", help="listen for pushes there")
    run.add_argument("--push-url", metavar="URL", help="how the target reaches that listener")
    run.add_argument("--push-cert", type=Path, metavar="PEM", help="the listener's certificate")
    run.add_argument("--push-key", type=Path, metavar="PEM", help="the key of that certificate")
    run.add_argument(
        "--reports",
        type=Path,
        default=DEFAULT_REPORTS,
        metavar="DIR",
        help="where the reports are written (default %(default)s)",
    )
    run.add_argument("--plan", action="store_true", help="show what would be judged, and stop")
    run.add_argument(
        "-v", "--verbose", action="store_true", help="name each row that was not judged"
    )


def _add_init(commands: Commands) -> None:
    begin = commands.add_parser(
        "init",
        help="write a target.toml to begin with",
        description="Fetch the metadata of a Transmitter, and write a target.toml to begin with.",
    )
    begin.set_defaults(command="conformance.cli.init:main")
    begin.add_argument("issuer", metavar="ISSUER_URL")
    begin.add_argument("--profile", metavar="NAME|FILE", help="the text that it is held to")
    begin.add_argument(
        "--token-env",
        metavar="VAR",
        help="environment variable with a bearer token, for the file, and for"
        " discovery where that takes one",
    )
    begin.add_argument(
        "--output",
        type=Path,
        default=Path("target.toml"),
        metavar="FILE",
        help="the file to write (default %(default)s)",
    )
    begin.add_argument("--force", action="store_true", help="overwrite an existing file")
    begin.add_argument(
        "--allow-http", action="store_true", help="allow http, for a lab without TLS"
    )
    begin.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these authorities")


def _add_profiles(commands: Commands) -> None:
    profiles = commands.add_parser("profiles", help="what a target can be held to")
    actions = profiles.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="the shipped profiles").set_defaults(
        command="conformance.cli.profiles:show_all"
    )
    show = actions.add_parser("show", help="a profile key by key, with its evidence")
    show.set_defaults(command="conformance.cli.profiles:show_one")
    show.add_argument("profile", metavar="NAME|FILE")
    show.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a key"
    )
    check = actions.add_parser("lint", help="everything that is wrong with a profile's file")
    check.set_defaults(command="conformance.cli.profiles:lint")
    check.add_argument("file", metavar="FILE")


def _add_requirements(commands: Commands) -> None:
    requirements = commands.add_parser("requirements", help="the catalogue of requirements")
    actions = requirements.add_subparsers(required=True, metavar="ACTION")
    rows = actions.add_parser(
        "list",
        help="one requirement a line",
        description="List requirements, one a line: id, level, kind, grade, section, summary.",
    )
    rows.set_defaults(command="conformance.cli.requirements:show_all")
    rows.add_argument("--profile", metavar="NAME|FILE", help="those of this profile, at its grades")
    rows.add_argument("--role", choices=("transmitter", "receiver"))
    rows.add_argument("--level", choices=LEVELS, type=str.upper)
    rows.add_argument("--kind", choices=("obligation", "conditional", "tolerance"))
    rows.add_argument(
        "--section", metavar="S", help="this section of any text, and its subsections"
    )
    rows.add_argument("--json", action="store_true", help="as a JSON array")
    show = actions.add_parser("show", help="everything about one requirement")
    show.set_defaults(command="conformance.cli.requirements:show_one")
    show.add_argument("id", metavar="ID")
    held = actions.add_parser(
        "coverage",
        help="how far the suite judges the catalogue, profile by profile",
        description="Count, for each profile, level and kind: requirements, those that a run"
        " against the bundled mock over TLS covers, those excluded or not applicable and why, the"
        " faults and variants that show it, and what the official suite looks at.",
    )
    held.set_defaults(command="conformance.cli.requirements:show_coverage")
    held.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="NAME",
        help="only this profile; repeatable",
    )
    held.add_argument("--json", action="store_true", help="as a JSON object, row by row")


def _add_inspect_set(commands: Commands) -> None:
    one = commands.add_parser(
        "inspect-set",
        help="decode a SET and show everything that is wrong with it",
        description="Decode a SET and judge it. Exit codes: 0 nothing worse than warnings,"
        " 1 a requirement broken, 4 no token in the input.",
    )
    one.set_defaults(command="conformance.cli.inspect_set:main")
    one.add_argument("set", metavar="TOKEN|-", help="a SET, or - to read one from the input")
    one.add_argument(
        "--profile",
        default="ssf-1.0",
        metavar="NAME|FILE",
        help="the text that it is held to (default %(default)s)",
    )
    one.add_argument("--jwks", metavar="FILE", help="the Transmitter's JWK Set")
    one.add_argument("--issuer", default="", metavar="ISS", help="the Transmitter's issuer")
    one.add_argument("--audience", default="", metavar="AUD", help="the stream's aud")
    one.add_argument("--json", action="store_true", help="as a JSON object")


def _add_prove(commands: Commands) -> None:
    proof = commands.add_parser(
        "prove",
        help="show that each fault of the mock is seen and no variant alarms",
        description="Run the suite against the mock with each fault and variant in turn.",
    )
    proof.set_defaults(command="conformance.cli.prove:main")
    proof.add_argument("names", nargs="*", metavar="FAULT|VARIANT", help="only these")
    proof.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="NAME",
        help="only in this profile; repeatable",
    )
    how = proof.add_mutually_exclusive_group()
    how.add_argument(
        "--full",
        action="store_const",
        dest="mode",
        const="full",
        default="recorded",
        help="run all cases with all examples, so that false alarms are seen too",
    )
    how.add_argument(
        "--record",
        action="store_const",
        dest="mode",
        const="record",
        help="search for the cases that see each fault, and record them",
    )
    proof.add_argument(
        "--share", default="1/1", metavar="K/N", help="run part K of N of the trials"
    )
    proof.add_argument("--json", type=Path, metavar="FILE", help="write the matrix as JSON")
