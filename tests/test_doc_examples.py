"""Every public function has an example, and every example prints what it shows.

All examples run in this process, a group of them per test: kernels that they share compile once.
`python -m tests.doc_examples` runs them with PyTorch too.
"""

from __future__ import annotations

import os
import subprocess
import sys

import doc_examples as examples
import pytest


@pytest.mark.parametrize("group", ["torch", "Tensor", "numtorch", *examples.PACKAGES])
def test_examples_print_what_they_show(group):
    reports = [
        examples.run(name, *found)
        for name, found in examples.collected().items()
        if examples.group(name) == group and name not in examples.ALONE
    ]
    assert not any(reports), "\n".join(filter(None, reports))


@pytest.mark.parametrize("name", sorted(examples.ALONE))
def test_examples_that_need_a_process(name):
    code = "import doc_examples as e; print(e.run(name, *e.collected()[name]))"
    done = subprocess.run(
        [sys.executable, "-c", f"name = {name!r}; {code}"], cwd=os.path.dirname(__file__), check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert not done.stdout.strip(), done.stdout
