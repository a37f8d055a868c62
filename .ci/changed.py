"""Check what changed since a revision: the tests near it, and the faults and variants it concerns.

Usage: python .ci/changed.py REV. Ends with 1 if a test or a trial of the proof fails.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from conformance.engine import bundled
from conformance.engine.plugin import all_cases
from conformance.proof import kills
from conformance.proof.prove import Mode, line_of, prove
from conformance.proof.trial import Trial, attempt, cases_of
from conformance.spec.shipped_profiles import profile_ids
from mock_transmitter.deviations import catalogue

ROOT = Path(__file__).parents[1]
CASES = "conformance/cases/"
REQUIREMENTS = "conformance/spec/requirements/"
ROW = re.compile(r'^[ +-]id = "([^"]+)"', re.MULTILINE)


def main(revision: str) -> int:
    """Run the checks and return the exit code."""
    files = changed_files(revision)
    tests = sorted({test for file in files for test in tests_near(PurePosixPath(file))})
    failed = bool(tests) and subprocess.run(["pytest", "-q", *tests], check=False).returncode
    names = {case.name for case in all_cases()}
    cases = frozenset(name for name in names if file_of(name) in files)
    for profile in profile_ids() if cases else ():
        outcome = attempt(Trial(profile, None, cases))
        print(line_of(outcome))
        failed |= not outcome.proven
    deviations = sorted(concerned(files, cases, revision))
    if deviations:
        failed |= bool(prove(mode=Mode.RECORDED, names=deviations, say=print))
    if not (tests or cases or deviations):
        print("nothing to test or prove near this change")
    return int(failed)


def changed_files(revision: str) -> list[str]:
    """Return the files that differ from a revision, and those that git does not know yet."""
    tracked = git("diff", "--name-only", revision)
    return [*tracked, *git("ls-files", "--others", "--exclude-standard")]


def git(*arguments: str) -> list[str]:
    """Return the lines that a git command prints. Raises SystemExit where it fails."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f".ci/check --changed: {done.stderr.strip()}")
    return done.stdout.splitlines()


def tests_near(file: PurePosixPath) -> Iterator[str]:
    """Yield the tests that stand where a changed file does, in the layout of `tests`."""
    if file.parts[0] == "tests":
        if file.name.startswith("test_") and (ROOT / file).exists():
            yield str(file)
        return
    if file.parts[0] not in {"conformance", "mock_transmitter"} or CASES in f"{file}":
        return
    own = ROOT / "tests" / file.parent / f"test_{file.stem}.py"
    if own.exists():
        yield str(own.relative_to(ROOT))
    elif "deviations" not in file.parts:
        # What a room holds in folders, such as spec/profiles, is tested where the room is.
        rooms = (f"tests/{room}" for room in file.parents[:-1] if (ROOT / "tests" / room).exists())
        yield from islice(rooms, 1)


def file_of(case: str) -> str:
    """Return the path of the file that holds a case; its name is unique among the cases."""
    name = case.partition("::")[0]
    return next(str(path.relative_to(ROOT)) for path in (ROOT / CASES).rglob(name))


def concerned(files: list[str], cases: frozenset[str], revision: str) -> Iterator[str]:
    """Yield the deviations whose class, rows or seeing cases changed."""
    record = kills.load()
    rows: set[str] = set()
    if any(file.startswith(REQUIREMENTS) for file in files):
        rows = set(ROW.findall("\n".join(git("diff", "-U12", revision, "--", REQUIREMENTS))))
    for one in bundled.deviations():
        entry = catalogue.find(one.name)
        module = f"{entry.deviation.__module__.replace('.', '/')}.py"
        seen_by = {case for seen in record.get(one.name, {}).values() for case in seen}
        if one.kind == "variant" and cases:
            seen_by |= {
                case for profile in profile_ids() for case in cases_of(profile, one.exercises)
            }
        if module in files or seen_by & cases or rows & {*one.breaks, *one.exercises}:
            yield one.name


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
