"""Settings of the whole suite: the IR verifier runs after every pass."""

import os

os.environ.setdefault("NUMTORCH_VERIFY", "1")

import pytest  # noqa: E402
from numtorch.jit import config  # noqa: E402
from numtorch.jit.flush import clear_plans  # noqa: E402

config.verify = True


@pytest.fixture
def setting(monkeypatch):
    """setting(fuse_limit=0): changes entries of jit.config for one test; plans are made anew."""

    def change(**values):
        for name, value in values.items():
            monkeypatch.setattr(config, name, value)
        clear_plans()

    yield change
    monkeypatch.undo()
    clear_plans()
