"""Loops cost the same however deep in the stack they begin."""

import resource
from concurrent.futures import ThreadPoolExecutor

from config.frames import roomy

DEPTHS, CALLS = 300, 100


def leaf():
    pass


def at_depth(depth, loop):
    return at_depth(depth - 1, loop) if depth else loop()


def loop():
    for _ in range(CALLS):
        leaf()


def walk():
    """How many pages of memory were mapped in while loops ran at each depth."""
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for depth in range(DEPTHS):
        at_depth(depth, loop)
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def in_a_new_thread(call):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def test_no_loop_maps_memory_at_each_of_its_calls():
    assert in_a_new_thread(roomy(walk)) < DEPTHS
    # Where this fails, the interpreter needs no help any more: `roomy` can go.
    assert in_a_new_thread(walk) > DEPTHS
