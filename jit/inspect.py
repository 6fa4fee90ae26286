"""Running a plan row by row: interpreted (NUMTORCH_INTERP=1) or timed (NUMTORCH_DEBUG>=2)."""

from __future__ import annotations

import ctypes
import time

from . import config
from .link import interpreted
from .runtime import pool

# Replaced by explain with a list that receives (kernel, seconds, extent).
observations: list | None = None


def run_observed(plan, first: int, end: int) -> int:
    """Does what the launcher does, one row at a time; returns the stopping row or -1."""
    memory = plan.memory
    if first == 0:
        _relocate(plan)
    row = first - 1
    while row + 1 < end:
        row += 1
        at = plan.at_rows + 5 * row
        address, args, extent, chunk, flags = memory[at : at + 5]
        kernel = plan.kernels[plan.labels[row]]
        if kernel.mode == "loop" and address == 0:  # not one that runs in parts
            row -= chunk + 1 if _next_turn(args, extent) else 0
            continue
        started = time.perf_counter()
        if config.interp:
            if extent > 0:
                interpreted[address](args, 0, extent, 0)
        else:
            _run_row(plan, at)
        seconds = time.perf_counter() - started
        if observations is not None:
            observations.append((kernel, seconds, extent))
        if config.debug >= 2:
            rate = int(kernel.bytes) / max(seconds, 1e-9) / 1e9
            print(f"[numtorch] {kernel.name}: {seconds * 1e6:.1f} us, {rate:.1f} GB/s", flush=True)
        if flags & 1 and memory[plan.at_status] != 0:
            return row
    return -1


def _next_turn(block: int, count: int) -> bool:
    """Moves a loop's pointers on; False after the last turn."""
    word = ctypes.c_int64.from_address
    turns, moves = word(block), word(block + 8).value
    turns.value = turns.value + 1 if turns.value + 1 < count else 0
    if turns.value == 0:
        return False
    for k in range(moves):
        at = block + 16 * (k + 1)
        word(word(at).value).value += word(at + 8).value
    return True


def run_host(step, slots: list[int], scalars: list) -> None:
    """Runs a host call, timed when somebody looks."""
    if observations is None and config.debug < 2:
        step.run(slots, scalars)
        return
    started = time.perf_counter()
    step.run(slots, scalars)
    seconds = time.perf_counter() - started
    if observations is not None:
        observations.append((step.kernel, seconds, 1))
    if config.debug >= 2:
        print(f"[numtorch] {step.kernel.name}: {seconds * 1e6:.1f} us, Python", flush=True)


def _relocate(plan) -> None:
    count, address, slots = plan.memory[2], plan.memory[3], plan.memory[4]
    relocs = (ctypes.c_int64 * (3 * count)).from_address(address)
    for k in range(count):
        target, slot, addend = relocs[3 * k : 3 * k + 3]
        value = ctypes.c_int64.from_address(slots + 8 * slot).value
        ctypes.c_int64.from_address(target).value = value + addend


def _run_row(plan, at: int) -> None:
    head = (ctypes.c_int64 * pool.HEADER_WORDS)()
    head[0], head[1] = 1, ctypes.addressof(plan.memory) + 8 * at
    head[2], head[3], head[4], head[5] = 0, 0, plan.memory[4], plan.memory[5]
    pool.run(ctypes.addressof(head))
