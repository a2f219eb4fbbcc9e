"""One work at a time, in fair order."""

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from impasto.studio.runs import StudioRun
from impasto.studio.store import Visitor
from impasto.studio.turns import BusyError, Ticket, Turns


def served_in_order(turns: Turns, who: str) -> list[str]:
    """Let visitors, a letter each, line up while somebody has the turn; return who came when."""
    order: list[str] = []
    threads = []

    def visit(name: str) -> None:
        with turns.turn(Ticket(name)) as has:
            assert has
            order.append(name)

    with turns.turn(Ticket("first")):
        for number, name in enumerate(who, 1):
            thread = threading.Thread(target=visit, args=(name,))
            thread.start()
            threads.append(thread)
            while len(turns._waiting) < number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    return order


def test_nobody_waits_for_all_works_of_somebody_else() -> None:
    assert served_in_order(Turns(32), "aaaabbc") == ["a", "b", "c", "a", "b", "a", "a"]


def test_only_one_has_the_turn() -> None:
    turns, inside, most = Turns(32), [0], [0]

    def visit(name: str) -> None:
        for _ in range(20):
            with turns.turn(Ticket(name)):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=visit, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == [1]


def test_a_line_that_is_too_long_is_refused() -> None:
    turns = Turns(1)
    with turns.turn(Ticket("a")):
        waiting = threading.Thread(target=lambda: turns.turn(Ticket("b")).__enter__())
        waiting.start()
        while not turns._waiting:
            time.sleep(0.001)
        with pytest.raises(BusyError, match="1 jobs wait"), turns.turn(Ticket("c")):
            pass
    waiting.join(5)


def test_nobody_fills_the_line_alone() -> None:
    turns = Turns(4)

    def visit(name: str) -> None:
        with turns.turn(Ticket(name)):
            pass

    with turns.turn(Ticket("a")):
        threads = [threading.Thread(target=visit, args=(name,)) for name in "bbc"]
        for number, thread in enumerate(threads, 1):
            thread.start()
            while len(turns._waiting) < number:
                time.sleep(0.001)
        with pytest.raises(BusyError, match="2 jobs of yours"), turns.turn(Ticket("b")):
            pass
    for thread in threads:
        thread.join(5)


def test_who_waits_in_a_line_that_is_closed_is_refused() -> None:
    turns = Turns(4)
    refused = threading.Event()

    def visit() -> None:
        with pytest.raises(BusyError, match="closing"), turns.turn(Ticket("b")):
            pass
        refused.set()

    with turns.turn(Ticket("a")):
        waiting = threading.Thread(target=visit)
        waiting.start()
        turns.close()
        assert refused.wait(5)


def test_who_does_not_want_it_any_more_leaves_the_line() -> None:
    turns = Turns(4)
    with turns.turn(Ticket("a")), turns.turn(Ticket("b", lambda: False)) as has:
        assert not has
    with turns.turn(Ticket("c", lambda: False)) as has:  # nobody has the turn
        assert not has
    with turns.turn(Ticket("d")) as has:
        assert has


class Counting:
    """Steps that are counted, and closed when they are ended."""

    def __init__(self, pause: float = 0.01) -> None:
        self.done, self.pause, self.closed = 0, pause, threading.Event()

    def __call__(self) -> Generator[None]:
        try:
            for self.done in range(1000):
                time.sleep(self.pause)
                yield
        finally:
            self.closed.set()


def begun(steps: Callable[[], Generator[None]], seconds: float = 60) -> StudioRun:
    """Begin a run of some steps; all in a folder that is not there."""
    run = StudioRun(Path("no folder"), Visitor("a", "a"))
    run.working = steps  # type: ignore[method-assign]
    run.begin(Turns(4), ThreadPoolExecutor(1), seconds)
    return run


def test_a_run_can_be_stopped_after_a_step() -> None:
    steps = Counting()
    run = begun(steps)
    while steps.done < 5:
        time.sleep(0.001)
    run.stopped = True
    run.work.result(5)
    assert not run.busy
    assert steps.closed.is_set()
    assert steps.done < 900


def test_a_run_that_takes_too_long_is_ended() -> None:
    steps = Counting(0.02)
    run = begun(steps, 0.3)
    run.work.result(10)
    assert 0 < steps.done < 100
    assert not run.stopped


def test_a_run_that_nobody_looks_at_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto.studio.runs.PATIENCE", 0.5)
    steps = Counting()
    run = begun(steps)
    for _ in range(10):
        time.sleep(0.1)
        run.look()
    assert run.busy
    assert steps.closed.wait(5)


def test_an_error_of_a_run_is_kept() -> None:
    def broken() -> Generator[None]:
        yield from ()
        raise ValueError("broken")

    run = begun(broken)
    with pytest.raises(ValueError, match="broken"):
        run.work.result(5)
    assert str(run.error) == "broken"
