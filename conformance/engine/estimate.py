"""An estimate of how long a planned run will take."""

from dataclasses import dataclass

from conformance.engine.run import Run

# Create a stream, read it, act twice, read after each, list, receive a SET, delete it.
_REQUESTS_IN_AN_EXAMPLE = 9
# Requests per second, unless the operator allows fewer: to a mock in process, to one over TLS on
# loopback, and to a target across a network.
_RPS_IN_PROCESS = 500.0
_RPS_LOOPBACK = 300.0
_RPS_NETWORK = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate of the requests of a run, and of their rate.

    `verification_events` are the Verification Events requested at the pace that the target allows.
    """

    requests: int
    requests_per_second: float
    verification_events: int

    @property
    def minutes(self) -> float:
        """Return the minutes for the requests, without the waits for Verification Events."""
        return self.requests / self.requests_per_second / 60

    @classmethod
    def of(cls, run: Run) -> "Estimate":
        """Return the estimate for a planned run. Without a plan nothing is sent."""
        cases = () if run.plan is None else run.plan.cases
        paced = not any(map(run.target.has_hook, ("emit_event", "clock")))
        return cls(
            requests=sum(_REQUESTS_IN_AN_EXAMPLE * run.examples_of(case) for case in cases),
            requests_per_second=_requests_per_second(run),
            verification_events=sum(
                case.declaration.needs.sets * run.examples_of(case) for case in cases
            )
            if paced
            else 0,
        )


def _requests_per_second(run: Run) -> float:
    if run.target.limits.max_rps is not None:
        return run.target.limits.max_rps
    if run.target.in_process:
        return _RPS_IN_PROCESS
    return _RPS_LOOPBACK if run.options.lease is not None else _RPS_NETWORK
