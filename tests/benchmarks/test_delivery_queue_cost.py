"""What a poll costs, bounded with so much slack that a busy machine does not matter."""

import runpy
from pathlib import Path

BENCHMARK = runpy.run_path(str(Path(__file__).with_name("benchmark_delivery_queue.py")))


def test_a_poll_and_an_acknowledgement_cost_no_more_with_a_hundred_times_as_many_waiting():
    few, many = BENCHMARK["medians"]((1_000, 100_000), rounds=7, polls=300)
    assert many.poll_us < 10 * few.poll_us
    assert many.acknowledge_us < 10 * few.acknowledge_us
