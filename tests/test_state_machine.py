"""Random sequences of views, writes and reads against torch: see state_machine.py.

Here no tensor requires grad. `python -m tests.state_machine --sequences 10000` runs more, with
gradients.
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
        self.machine, self.over = state_machine.Machine(False), False

    @rule(name=st.sampled_from(state_machine.NAMES), a=number, b=number, c=number, d=number)
    def step(self, name, a, b, c, d):
        if not self.over:
            try:
                self.machine.step(name, (a, b, c, d))
            except state_machine.Unsupported:
                self.over = True

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
    with library_settings(interp=True):
        steps = [state_machine.program(k) for k in range(80)]
        wrong = [k for k, s in enumerate(steps) if state_machine.fails(s, False)]
    assert not wrong
