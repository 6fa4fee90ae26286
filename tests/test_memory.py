"""Memory stays flat: examples/performance/memory.py with fewer steps, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "examples" / "performance" / "memory.py"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_resident_memory_is_flat():
    command = [sys.executable, str(SCRIPT), "--steps", "20000", "--additions", "200000"]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    steps, additions = re.search(r"growth: (-?[\d.]+) MB and (-?[\d.]+) MB", out).groups()
    # 100 bytes kept per step would be 2 MB and 20 MB.
    assert float(steps) < 2 and float(additions) < 2, out
