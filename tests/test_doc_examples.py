"""Every public function has an example, and every example prints what it shows.

All examples run in this process, a group of them per test: kernels that they share compile once.
`python -m tests.doc_examples` runs them with PyTorch too.
"""

from __future__ import annotations

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
    code = f"import doctest, {name} as m; raise SystemExit(doctest.testmod(m).failed)"
    subprocess.run([sys.executable, "-c", code], check=True)
