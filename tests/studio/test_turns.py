"""One work at a time, in fair order, and ahead of time where nobody waits."""

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.studio.conftest import turn_taken

from impasto.gallery import DRAWINGS
from impasto.gallery.names import PREFIX
from impasto.settings import Settings
from impasto.studio import StudioOptions
from impasto.studio.engine import Engine, Order, Style
from impasto.studio.runs import StudioRun
from impasto.studio.store import File, Visitor
from impasto.studio.turns import BusyError, Turns, UnwantedError
from impasto.stylizers import for_many_sizes


def served_in_order(turns: Turns, who: str) -> list[str]:
    """Let visitors, a letter each, line up while somebody has the turn; return who came when."""
    order: list[str] = []
    with turn_taken(turns):
        jobs = [turns.submit(name, partial(order.append, name)) for name in who]
        assert turns.ahead(jobs[0]) == 1
    for job in jobs:
        job.result(10)
    return order


def test_nobody_waits_for_all_works_of_somebody_else() -> None:
    assert served_in_order(Turns(32), "aaaabbc") == ["a", "b", "c", "a", "b", "a", "a"]


def test_how_many_come_before() -> None:
    turns = Turns(32)
    with turn_taken(turns):
        jobs = [turns.submit(name, lambda: None) for name in "aab"]
        assert [turns.ahead(job) for job in jobs] == [1, 2, 3]
    with turn_taken(turns):  # c has had no turn, and b none since a had one
        jobs = [turns.submit(name, lambda: None) for name in "abc"]
        assert [turns.ahead(job) for job in jobs] == [3, 2, 1]
    assert jobs[0].result(10) is None
    assert turns.ahead(jobs[0]) == 0


@pytest.mark.parametrize("at_once", [1, 2])
def test_only_so_many_have_the_turn(at_once: int) -> None:
    turns, inside, most = Turns(80, at_once), [0], [0]
    lock = threading.Lock()

    def visit() -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.002)
        with lock:
            inside[0] -= 1

    jobs = [turns.submit(str(n % 8), visit) for n in range(64)]
    for job in jobs:
        job.result(20)
    assert most == [at_once]
    until_idle(turns)


def until_idle(turns: Turns) -> None:
    end = time.monotonic() + 10
    while turns.busy:
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_line_that_is_too_long_is_refused() -> None:
    turns = Turns(1)
    with turn_taken(turns):
        waiting = turns.submit("b", lambda: 5)
        with pytest.raises(BusyError, match="1 jobs wait"):
            turns.submit("c", lambda: 6)
    assert waiting.result(5) == 5


def test_nobody_fills_the_line_alone() -> None:
    turns = Turns(4)
    with turn_taken(turns):
        for name in "bbc":
            turns.submit(name, lambda: None)
        with pytest.raises(BusyError, match="2 jobs of yours"):
            turns.submit("b", lambda: None)


def test_who_waits_in_a_line_that_is_closed_is_refused() -> None:
    turns = Turns(4)
    with turn_taken(turns):
        waiting = turns.submit("b", lambda: None)
        turns.close()
        with pytest.raises(BusyError, match="closing"):
            waiting.result(5)
    with pytest.raises(BusyError, match="closing"):
        turns.submit("b", lambda: None)


def test_who_does_not_want_it_any_more_leaves_the_line() -> None:
    turns, wanted, done = Turns(2), [True], list[str]()
    with turn_taken(turns):
        left = turns.submit("b", lambda: done.append("b"), lambda: wanted[0])
        wanted[0] = False
        other = turns.submit("c", lambda: done.append("c"), lambda: True)  # there is room again
        with pytest.raises(UnwantedError):
            left.result(5)
    other.result(5)
    with pytest.raises(UnwantedError):  # nobody has the turn
        turns.submit("d", lambda: done.append("d"), lambda: False).result(5)
    assert done == ["c"]


def test_what_is_done_when_idle_lets_everybody_go_first() -> None:
    turns, done = Turns(4), list[str]()
    with turn_taken(turns):
        turns.when_idle(partial(done.append, each) for each in "xy")
        turns.submit("b", lambda: done.append("b"))
    end = time.monotonic() + 10
    while len(done) < 3 and time.monotonic() < end:
        time.sleep(0.001)
    assert done == ["b", "x", "y"]


def test_styles_are_read_before_they_are_chosen(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.studio.engine._AHEAD", 2)
    engine, name = Engine(StudioOptions()), list(DRAWINGS)[1]
    engine.read_ahead()
    end = time.monotonic() + 60
    while engine.warm.cache_info().currsize < 2 and time.monotonic() < end:
        time.sleep(0.01)
    photo = File(tmp_path, Visitor("a", "a"), "cat.jpg", picture, {"kind": "picture"})
    settings = for_many_sizes(Settings(method="fast", size=500, strength=0.5))
    order = Order(photo, (Style(name, f"{PREFIX}{name}"),), settings)
    assert engine.quick(order).size == (500, 500)
    assert engine.warm.cache_info().misses == 2


def test_a_job_that_fails_ends_no_other() -> None:
    turns = Turns(4)
    with pytest.raises(ZeroDivisionError):
        turns.submit("a", lambda: 1 // 0).result(5)
    assert turns.submit("a", lambda: 1).result(5) == 1


class Counting:
    """Steps that are counted, and something is made of them in the end."""

    def __init__(self, pause: float = 0.01) -> None:
        self.done, self.pause, self.ended = 0, pause, threading.Event()

    def __call__(self, run: StudioRun) -> None:
        try:
            for self.done in range(1000):
                time.sleep(self.pause)
                run.step()
        finally:
            self.ended.set()


def begun(steps: Callable[[StudioRun], None], seconds: float = 60) -> StudioRun:
    """Begin a run of some steps; all in a folder that is not there."""
    run = StudioRun(Path("no folder"), Visitor("a", "a"), "picture")
    run.begin(Turns(4), lambda: steps(run), seconds)
    return run


def test_a_run_can_be_stopped_after_a_step() -> None:
    steps = Counting()
    run = begun(steps)
    while steps.done < 5:
        time.sleep(0.001)
    run.stopped = True
    run.job.result(5)
    assert not run.busy
    assert steps.ended.is_set()
    assert steps.done < 900
    assert run.described()["state"] == "stopped"


def test_a_run_can_be_stopped_while_it_waits() -> None:
    turns, steps = Turns(4), Counting()
    run = StudioRun(Path("no folder"), Visitor("a", "a"), "picture")
    with turn_taken(turns):
        run.begin(turns, lambda: steps(run), 60)
        assert run.described()["state"] == "waiting"
        run.stopped = True
        assert run.described()["state"] == "stopped"
        assert not run.busy
    assert steps.done == 0


def test_a_run_that_takes_too_long_is_ended() -> None:
    steps = Counting(0.02)
    run = begun(steps, 0.3)
    run.job.result(10)
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
    assert steps.ended.wait(5)


def test_an_error_of_a_run_is_kept() -> None:
    def broken(_: StudioRun) -> None:
        raise ValueError("broken")

    run = begun(broken)
    with pytest.raises(ValueError, match="broken"):
        run.job.result(5)
    assert str(run.error) == "broken"
    assert run.described()["state"] == "failed"
