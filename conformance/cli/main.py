"""The command line of `ssf-conformance`: one function for each command."""

import argparse
import os
import shlex
import shutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from conformance.cli import inspect_set, listings
from conformance.cli.init import Init, init
from conformance.engine import results_document
from conformance.engine.arguments import DEFAULT_EXAMPLES, RunArguments, make_run
from conformance.engine.known_failures import KnownFailureError, KnownFailures
from conformance.engine.plan import Plan
from conformance.engine.plugin import all_cases, execute
from conformance.engine.run import Run
from conformance.proof import coverage
from conformance.proof.prove import prove
from conformance.receiver.connection import Unreachable
from conformance.reporting import allure, reproducers, results, terminal
from conformance.reporting.progress import ProgressBar
from conformance.spec.certification import load_certification
from conformance.spec.profile import (
    ProfileError,
    findings,
    load_profile,
    parse_setting,
    profile_ids,
)
from conformance.spec.requirement import LEVELS, CatalogueError, load_catalogue
from conformance.target.target import Options, TargetError
from conformance.text import printable

DEFAULT_REPORTS = Path("reports")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code (README, "Exit codes")."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        # argparse ends with 2, which here means an interrupted run.
        return results_document.EXIT_USAGE if stop.code else results_document.EXIT_CONFORMANT
    try:
        return int(options.command(options, arguments))
    except (TargetError, ProfileError, CatalogueError, KnownFailureError, Unreachable) as error:
        _complain(printable(str(error)))
        return results_document.EXIT_USAGE
    except KeyboardInterrupt:
        _complain("interrupted")
        return results_document.EXIT_INTERRUPTED
    except Exception:  # noqa: BLE001 (the last place to say whose fault it is)
        _complain(f"an error of the suite itself; please report it:\n{traceback.format_exc()}")
        return results_document.EXIT_OUR_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ssf-conformance",
        description="A conformance suite for OpenID Shared Signals Transmitters.",
        epilog="Exit codes: 0 conformant, 1 nonconformant, 2 interrupted, 3 an error of the suite,"
        " 4 wrong usage or an unreachable target, 5 nothing was judged, 6 incomplete.",
    )
    parser.add_argument("--version", action="version", version=results_document.suite_version())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_init(commands)
    _add_profiles(commands)
    _add_requirements(commands)
    _add_inspect_set(commands)
    _add_prove(commands)
    return parser


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser("run", help="judge a Transmitter", description="Judge a Transmitter.")
    run.set_defaults(command=_run)
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
        help="this one; repeatable",
    )
    run.add_argument(
        "--section",
        action="append",
        default=[],
        metavar="S",
        help="judge what stands in or below this section of any text; repeatable",
    )
    run.add_argument(
        "--examples",
        type=int,
        default=DEFAULT_EXAMPLES,
        metavar="N",
        help="examples for each generated case (default %(default)s)",
    )
    run.add_argument("--seed", type=int, metavar="N", help="explore, drawing from this seed")
    run.add_argument("--workers", type=int, metavar="N", help="cases side by side")
    run.add_argument("--max-rps", type=float, metavar="R", help="requests per second, at most")
    run.add_argument("--patience", type=float, metavar="SECONDS", help="how long to wait for a SET")
    run.add_argument("--known-failures", type=Path, metavar="FILE")
    run.add_argument("--strict", action="store_true", help="a warning is a failure")
    run.add_argument("--allow-incomplete", action="store_true", help="exit 0 for INCOMPLETE")
    run.add_argument("--allow-http", action="store_true", help="a lab without TLS")
    run.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these authorities as well")
    run.add_argument("--allow-destructive", action="store_true", help="do what can't be undone")
    run.add_argument("--push-listen", metavar="HOST:PORT", help="listen for pushes there")
    run.add_argument("--push-url", metavar="URL", help="how the target reaches that listener")
    run.add_argument("--push-cert", type=Path, metavar="PEM", help="the listener's certificate")
    run.add_argument("--push-key", type=Path, metavar="PEM", help="the key of that certificate")
    run.add_argument("--reports", type=Path, default=DEFAULT_REPORTS, metavar="DIR")
    run.add_argument("--plan", action="store_true", help="show what would be judged, and stop")
    run.add_argument(
        "-v", "--verbose", action="store_true", help="name each row that was not judged"
    )


def _add_init(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    begin = commands.add_parser(
        "init",
        help="write a target.toml to begin with",
        description="Fetch the metadata of a Transmitter, and write a target.toml to begin with.",
    )
    begin.set_defaults(command=_init)
    begin.add_argument("issuer", metavar="ISSUER_URL")
    begin.add_argument("--profile", metavar="NAME|FILE", help="the text that it is held to")
    begin.add_argument(
        "--token-env",
        metavar="VAR",
        help="environment variable with a bearer token, for the file, and for"
        " discovery where that takes one",
    )
    begin.add_argument("--output", type=Path, default=Path("target.toml"), metavar="FILE")
    begin.add_argument("--force", action="store_true", help="write over a file that is there")
    begin.add_argument("--allow-http", action="store_true", help="a lab without TLS")
    begin.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these authorities")


def _add_profiles(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    profiles = commands.add_parser("profiles", help="what a target can be held to")
    actions = profiles.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="the shipped profiles").set_defaults(command=_profiles_list)
    show = actions.add_parser("show", help="a profile key by key, with its evidence")
    show.set_defaults(command=_profiles_show)
    show.add_argument("profile", metavar="NAME|FILE")
    show.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a key"
    )
    check = actions.add_parser("lint", help="everything that is wrong with a profile's file")
    check.set_defaults(command=_profiles_lint)
    check.add_argument("file", metavar="FILE")


def _add_requirements(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    requirements = commands.add_parser("requirements", help="the catalogue of requirements")
    actions = requirements.add_subparsers(required=True, metavar="ACTION")
    rows = actions.add_parser(
        "list",
        help="one requirement a line",
        description="List requirements, one a line: id, level, kind, grade, section, summary.",
    )
    rows.set_defaults(command=_requirements_list)
    rows.add_argument("--profile", metavar="NAME|FILE", help="those of this profile, at its grades")
    rows.add_argument("--role", choices=("transmitter", "receiver"))
    rows.add_argument("--level", choices=LEVELS, type=str.upper)
    rows.add_argument("--kind", choices=("obligation", "conditional", "tolerance"))
    rows.add_argument("--section", metavar="S", help="in or below this section of any text")
    rows.add_argument("--json", action="store_true", help="as a JSON array")
    show = actions.add_parser("show", help="everything about one requirement")
    show.set_defaults(command=_requirements_show)
    show.add_argument("id", metavar="ID")
    held = actions.add_parser(
        "coverage",
        help="how far the suite judges the catalogue, profile by profile",
        description="Count, for each profile, level and kind: requirements, those that a run"
        " against the bundled mock over TLS covers, those excluded or not applicable and why, the"
        " faults and variants that show it, and what the official suite looks at.",
    )
    held.set_defaults(command=_requirements_coverage)
    held.add_argument(
        "--profile", action="append", default=[], metavar="NAME", help="this one; repeatable"
    )
    held.add_argument("--json", action="store_true", help="as a JSON object, row by row")


def _add_inspect_set(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    one = commands.add_parser(
        "inspect-set",
        help="a SET decoded, with everything that is wrong with it",
        description="Decode a SET and judge it. Exit codes: 0 nothing broken beyond warnings,"
        " 1 a requirement broken, 4 no token in the input.",
    )
    one.set_defaults(command=_inspect_set)
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


def _add_prove(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    proof = commands.add_parser(
        "prove",
        help="show that each fault of the mock is seen and no variant alarms",
        description="Run the suite against the mock with each fault and variant in turn.",
    )
    proof.set_defaults(command=_prove)
    proof.add_argument("names", nargs="*", metavar="FAULT|VARIANT", help="these alone")
    proof.add_argument("--profile", action="append", default=[], metavar="NAME")
    proof.add_argument(
        "--full",
        action="store_true",
        help="each in every profile that it is about, with all cases and examples",
    )
    proof.add_argument("--json", type=Path, metavar="FILE", help="write the matrix as JSON")


def _run(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    known = KnownFailures.read(options.known_failures)
    run = make_run(
        RunArguments(
            target=options.target,
            mock=options.mock,
            tls=options.tls,
            profile=options.profile,
            settings=dict(parse_setting(one) for one in options.set),
            token_env=options.token_env,
            requirements=tuple(options.requirement),
            sections=tuple(options.section),
            examples=options.examples,
            seed=options.seed,
            workers=options.workers,
            max_rps=options.max_rps,
            patience_s=options.patience,
            strict=options.strict,
            allow_incomplete=options.allow_incomplete,
            allow_http=options.allow_http,
            ca_file=options.ca_file,
            allow_destructive=options.allow_destructive,
            push_listen=options.push_listen,
            push_url=options.push_url,
            push_cert=options.push_cert,
            push_key=options.push_key,
            command=_again(arguments),
        )
    )
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    try:
        if not options.plan:
            _check_writable(options.reports)
        if options.plan:
            plan, _ = execute(run, plan_only=True)
            _say(terminal.plan_text(*_planned(run, plan)))
            return results_document.EXIT_CONFORMANT
        # What is asked of a person stands on the terminal alone.
        with ProgressBar(sys.stderr, silent=bool(run.target.manual_hooks)) as progress:
            execute(run, progress=progress)
    finally:
        run.close()
    document = results_document.document_of(run, known)
    try:
        reproducers.write_all(document, options.reports)
        results.write(document, options.reports)
        allure_directory = allure.write(document, options.reports)
    except OSError as error:
        raise TargetError(
            f"--reports {options.reports}: can't be written: {error.strerror}"
        ) from error
    _say(_report(document, options, allure_directory, colour=colour))
    for name, crash in run.crashes.items():
        _complain(f"an error of the suite itself in {name}; please report it:\n{crash}")
    return int(document["run"]["exit_code"])


def _report(
    document: results.Results,
    options: argparse.Namespace,
    allure_directory: Path,
    *,
    colour: bool,
) -> str:
    directory = options.reports
    return terminal.render(
        document,
        colour=colour,
        width=shutil.get_terminal_size().columns,
        directory=directory,
        reports=(directory / results.FILE_NAME, allure_directory),
        verbose=options.verbose,
    )


def _check_writable(directory: Path) -> None:
    """Find out before a run, not after it, that its reports have no place."""
    place = next(one for one in (directory, *directory.absolute().parents) if one.exists())
    if not place.is_dir():
        raise TargetError(f"--reports {directory}: can't be written: {place} is no directory")
    if not os.access(place, os.W_OK | os.X_OK):
        raise TargetError(f"--reports {directory}: can't be written: no right to write in {place}")


def _again(arguments: Sequence[str]) -> str:
    """Return the command that runs the same again, without its selection."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in {"--requirement", "--section"}:
            skip = True
        elif not argument.startswith(("--requirement=", "--section=")):
            kept.append(argument)
    return shlex.join(["ssf-conformance", *kept])


def _planned(run: Run, plan: Plan) -> tuple[list[terminal.PlanRow], terminal.Cost]:
    rows: list[terminal.PlanRow] = [
        {
            "id": row.requirement.id,
            "level": row.requirement.level,
            "outlook": row.outlook,
            "reason": row.reason,
            "cases": list(row.cases),
        }
        for row in plan.rows.values()
    ]
    requests = run.expected_requests
    minutes = requests / run.expected_rps / 60
    cost: terminal.Cost = {"requests": requests, "minutes": minutes, "unlocks": plan.unlocks}
    if waits := run.expected_verifications:
        cost["waits"] = waits
    return rows, cost


def _init(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    del arguments
    asked = Init(
        issuer=options.issuer,
        output=options.output,
        force=options.force,
        options=Options(
            profile=options.profile,
            token_env=options.token_env,
            allow_http=options.allow_http,
            ca_file=options.ca_file,
        ),
    )
    init(asked, _say)
    return results_document.EXIT_CONFORMANT


def _profiles_list(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    del options, arguments
    _say(listings.profiles_text())
    return results_document.EXIT_CONFORMANT


def _profiles_show(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    del arguments
    settings = dict(parse_setting(one) for one in options.set)
    _say(listings.profile_text(load_profile(options.profile, settings)))
    return results_document.EXIT_CONFORMANT


def _profiles_lint(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    del arguments
    found = list(findings(options.file))
    _say(listings.findings_text(options.file, found))
    return results_document.EXIT_USAGE if found else results_document.EXIT_CONFORMANT


def _requirements_list(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    del arguments
    profile = None if options.profile is None else load_profile(options.profile)
    rows = listings.select(
        load_catalogue(),
        profile=profile,
        role=options.role,
        level=options.level,
        kind=options.kind,
        section=options.section,
    )
    as_text = listings.requirements_json if options.json else listings.requirements_text
    _say(as_text(rows, profile))
    return results_document.EXIT_CONFORMANT


def _requirements_show(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    del arguments
    row = load_catalogue()[options.id]
    modules = load_certification().touching(row.id)
    _say(listings.requirement_text(row, listings.shipped_profiles(), all_cases(), modules))
    return results_document.EXIT_CONFORMANT


def _requirements_coverage(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    del arguments
    profiles = [coverage.coverage_of(name) for name in options.profile or profile_ids()]
    _say((coverage.json_of if options.json else coverage.text_of)(profiles))
    return results_document.EXIT_CONFORMANT


def _inspect_set(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    del arguments
    piped = options.set == "-"
    raw = sys.stdin.buffer.read() if piped else os.fsencode(options.set)
    inspected = inspect_set.inspect(
        inspect_set.Asked(
            token=inspect_set.token_in(raw),
            profile=load_profile(options.profile),
            key_set=None if options.jwks is None else inspect_set.key_set_in(options.jwks),
            issuer=options.issuer,
            audience=options.audience,
        )
    )
    _say((inspect_set.json_of if options.json else inspect_set.text_of)(inspected))
    return (
        results_document.EXIT_NONCONFORMANT
        if inspected.broken
        else results_document.EXIT_CONFORMANT
    )


def _prove(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    del arguments
    return prove(
        names=tuple(options.names),
        profiles=tuple(options.profile),
        json_file=options.json,
        full=options.full,
        say=_say,
    )


def _say(text: str) -> None:
    """Print a text; a reader that has gone changes no verdict."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str) -> None:
    sys.stderr.write(f"ssf-conformance: {message}\n")
