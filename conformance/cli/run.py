"""`ssf-conformance run`: judge a Transmitter and write the reports."""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from conformance.cli.output import complain, say
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.estimate import Estimate
from conformance.engine.exit_codes import ExitCode
from conformance.engine.known_failures import KnownFailures
from conformance.engine.plan import Plan
from conformance.engine.plugin import execute
from conformance.engine.results_document import document_of
from conformance.engine.run import Run
from conformance.reporting import allure, plan_text, reproducers, results, terminal
from conformance.reporting.progress import ProgressBar
from conformance.spec.profile_files import parse_setting
from conformance.target.target import TargetError


def main(options: argparse.Namespace) -> int:
    """Judge the target, write and print the reports, and return the exit code."""
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
            command=_again(options.arguments),
        )
    )
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    try:
        if not options.plan:
            _check_writable(options.reports)
        if options.plan:
            plan, _ = execute(run, plan_only=True)
            say(plan_text.render(*_planned(run, plan)))
            return ExitCode.CONFORMANT
        # A question to the operator must not share the terminal with a progress bar.
        with ProgressBar(sys.stderr, silent=bool(run.target.manual_hooks)) as progress:
            execute(run, progress=progress)
    finally:
        run.close()
    document = document_of(run, known)
    try:
        reproducers.write_all(document, options.reports)
        results.write(document, options.reports)
        allure_directory = allure.write(document, options.reports)
    except OSError as error:
        raise TargetError(
            f"--reports {options.reports}: can't be written: {error.strerror}"
        ) from error
    say(_report(document, options, allure_directory, colour=colour))
    for name, crash in run.crashes.items():
        complain(f"an error of the suite itself in {name}; please report it:\n{crash}")
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
    """Raise TargetError before the run if its reports can't be written."""
    place = next(one for one in (directory, *directory.absolute().parents) if one.exists())
    if not place.is_dir():
        raise TargetError(f"--reports {directory}: can't be written: {place} is no directory")
    if not os.access(place, os.W_OK | os.X_OK):
        raise TargetError(f"--reports {directory}: can't be written: no right to write in {place}")


def _again(arguments: Sequence[str]) -> str:
    """Return the command of this run without its selection."""
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


def _planned(run: Run, plan: Plan) -> tuple[list[plan_text.Entry], plan_text.Cost]:
    rows: list[plan_text.Entry] = [
        {
            "id": row.requirement.id,
            "level": row.requirement.level,
            "outlook": row.outlook,
            "reason": row.reason,
            "cases": list(row.cases),
        }
        for row in plan.rows.values()
    ]
    estimate = Estimate.of(run)
    cost: plan_text.Cost = {
        "requests": estimate.requests,
        "minutes": estimate.minutes,
        "unlocks": plan.unlocks,
    }
    if estimate.verification_events:
        cost["waits"] = estimate.verification_events
    return rows, cost
