"""Making a run from arguments, for the command line and for pytest's --ssf- options alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.engine import bundled, defaults
from conformance.engine.plan import Selection
from conformance.engine.run import Run
from conformance.engine.run_options import RunOptions
from conformance.spec.profile_files import load_profile
from conformance.target.options import Options, adjusted
from conformance.target.target import Target, TargetError
from conformance.target.target_file import from_file, from_issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArguments:
    """The arguments of `run`, as given."""

    target: str | None = None
    mock: bool = False
    tls: bool = False
    deviations: tuple[str, ...] = ()
    profile: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    token_env: str | None = None
    requirements: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    examples: int = defaults.EXAMPLES
    seed: int | None = None
    shrink: bool = True
    workers: int | None = None
    max_rps: float | None = None
    patience_s: float | None = None
    strict: bool = False
    allow_incomplete: bool = False
    allow_http: bool = False
    ca_file: Path | None = None
    allow_destructive: bool = False
    push_listen: str | None = None
    push_url: str | None = None
    push_cert: Path | None = None
    push_key: Path | None = None
    command: str = "ssf-conformance run"


def make_run(arguments: RunArguments) -> Run:
    """Return a run for these arguments. They are checked, and nothing is sent yet.

    A mock over TLS is served from now on, until the run is closed. Raises TargetError or
    ProfileError, naming the argument, or the file and key.
    """
    if arguments.mock == (arguments.target is not None):
        raise TargetError("name one target: an issuer URL, a target.toml, or --mock")
    for name, value in (("--examples", arguments.examples), ("--workers", arguments.workers)):
        if value is not None and value < 1:
            raise TargetError(f"{name} {value}: write a number of 1 or more")
    options = Options(
        profile=arguments.profile,
        settings=arguments.settings,
        token_env=arguments.token_env,
        ca_file=arguments.ca_file,
        allow_http=arguments.allow_http,
        allow_destructive=arguments.allow_destructive,
        push_listen=arguments.push_listen,
        push_url=arguments.push_url,
        push_cert=arguments.push_cert,
        push_key=arguments.push_key,
        patience_s=arguments.patience_s,
        max_rps=arguments.max_rps,
    )
    if arguments.tls and not arguments.mock:
        raise TargetError("--tls: only goes with --mock; for another target name its https URL")
    if arguments.mock:
        chosen, leasing = _mock(arguments)
    else:
        chosen, leasing = _target(arguments.target or "", options), RunOptions()
    return Run(
        chosen,
        replace(
            leasing,
            selection=Selection(requirements=arguments.requirements, sections=arguments.sections),
            examples=arguments.examples,
            seed=arguments.seed,
            shrink=arguments.shrink,
            workers=arguments.workers,
            strict=arguments.strict,
            allow_incomplete=arguments.allow_incomplete,
            command=arguments.command,
        ),
    )


def _mock(arguments: RunArguments) -> tuple[Target, RunOptions]:
    """Return the bundled mock as a target, and the options that lease it to the cases."""
    if arguments.token_env is not None:
        raise TargetError(f"--token-env {arguments.token_env}: the mock has tokens of its own")
    profile = load_profile(arguments.profile or "ssf-1.0", arguments.settings)
    options = Options(
        push_listen=arguments.push_listen,
        push_url=arguments.push_url,
        push_cert=arguments.push_cert,
        push_key=arguments.push_key,
        patience_s=arguments.patience_s,
        max_rps=arguments.max_rps,
    )
    chosen = adjusted(bundled.target_of(profile), options)
    seed, active = arguments.seed or 0, arguments.deviations
    if arguments.tls:
        server = bundled.Server(chosen, seed=seed, active=active)
        return server.target, RunOptions(lease=server.lease, close=server.close)
    return chosen, RunOptions(lease=bundled.leases(chosen, seed=seed, active=active))


def _target(name: str, options: Options) -> Target:
    if "://" in name:
        return from_issuer(name, options)
    path = Path(name)
    if not path.exists():
        raise TargetError(
            f"{name}: is neither a file nor a URL; name a target.toml or an https:// issuer"
        )
    return from_file(path, options)
