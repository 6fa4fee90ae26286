"""Random sequences of views, writes, reads and backward calls against torch: see state_machine.py.

`python -m tests.state_machine --sequences 10000` runs more of them.
"""

import pytest
import state_machine
from helpers import settings as library_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

number = st.integers(0, 59)


class Tensors(RuleBasedStateMachine):
    """One rule per kind of step."""

    def __init__(self):
        super().__init__()
        self.machine, self.over = state_machine.Machine(), False

    def run(self, name: str, numbers) -> None:
        if not self.over:
            try:
                self.machine.step(name, numbers)
            except state_machine.Unsupported:
                self.over = True

    @rule(name=st.sampled_from(state_machine.NAMES), a=number, b=number, c=number, d=number)
    def step(self, name, a, b, c, d):
        self.run(name, (a, b, c, d))

    def teardown(self):
        if not self.over:
            self.machine.finish()


@pytest.mark.filterwarnings("ignore")
def test_random_sequences():
    with library_settings(interp=True):
        run_state_machine_as_test(
            Tensors,
            settings=settings(
                max_examples=60, stateful_step_count=14, deadline=None, derandomize=True,
                database=None, suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_fixed_sequences():
    """The first of those that the command runs, with an exact count of what ends early."""
    with library_settings(interp=True):
        wrong = [k for k in range(80) if state_machine.fails(state_machine.program(k))]
    assert not wrong
