"""The schedule: fixed steps, and steps found under a time limit, on a clock that the test turns."""

from typing import Any

import pytest

from impasto.errors import SettingsError
from impasto.optimize import schedule as schedules
from impasto.optimize.pyramid import octave_sizes
from impasto.optimize.schedule import Octave, Schedule, default_steps, octaves_of, split
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS

OCTAVES = octaves_of([(256, 192), (512, 384)], ["pocket"])
BOTH = octaves_of([(256, 192), (512, 384)], ["pocket", "vgg19"])


def some(octaves: int) -> list[Octave]:
    return octaves_of([(256, 192)] * octaves, ["pocket"])


class Clock:
    """A machine on which a step takes so many seconds for each million pixels."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, speed: float) -> None:
        self.now, self.speed = 100.0, speed
        monkeypatch.setattr("time.monotonic", lambda: self.now)

    def run(self, schedule: Schedule, octaves: list[Octave] = OCTAVES) -> None:
        for octave, ((width, height), encoder, _) in enumerate(octaves):
            if not schedule.should_run(octave):
                continue
            seconds = width * height / 1e6 * self.speed * ENCODERS[encoder].cost
            self.now += schedules.SETUP_STEPS * seconds
            step = 0
            while step < schedule.steps[octave]:
                step += 1
                self.now += seconds
                schedule.record_time(octave, step, seconds)


@pytest.mark.parametrize("total", [1, 2, 7, 85, 1000])
@pytest.mark.parametrize("octaves", [1, 2, 3, 6])
def test_split_keeps_the_sum(total: int, octaves: int) -> None:
    parts = split(total, some(octaves))
    assert len(parts) == octaves
    assert sum(parts) == total
    assert min(parts) >= 0


def test_split_follows_the_default() -> None:
    assert split(sum(default_steps(some(3))), some(3)) == default_steps(some(3))


def test_steps_as_told() -> None:
    assert Schedule(OCTAVES, Settings(steps=(8, 3)), 0.0).steps == [8, 3]
    assert sum(Schedule(OCTAVES, Settings(steps=(20,)), 0.0).steps) == 20
    assert Schedule(OCTAVES, Settings(), 0.0).steps == list(default_steps(OCTAVES))


def test_the_second_encoder_has_the_last_octave_again() -> None:
    assert [octave.encoder for octave in BOTH] == ["pocket", "pocket", "vgg19"]
    assert [octave.size for octave in BOTH] == [(256, 192), (512, 384), (512, 384)]
    assert default_steps(BOTH) == (*default_steps(OCTAVES), schedules.LAST_STEPS)
    lone = octaves_of([(256, 192)], ["pocket", "vgg19"])
    assert default_steps(lone) == (schedules.LONE_STEPS, schedules.LAST_STEPS)
    with pytest.raises(SettingsError, match="2 numbers, but there are 3 octaves"):
        Schedule(BOTH, Settings(steps=(8, 3)), 0.0)


def test_steps_that_do_not_fit_are_told() -> None:
    with pytest.raises(SettingsError, match="3 numbers, but there are 2 octaves"):
        Schedule(OCTAVES, Settings(steps=(1, 2, 3)), 0.0)
    with pytest.raises(SettingsError, match="at least 1"):
        Schedule(OCTAVES, Settings(steps=(0, 0)), 0.0)


@pytest.mark.parametrize("limit", [10, 20, 60, 300])
@pytest.mark.parametrize("speed", [0.5, 2.0, 6.0, 12.0, 24.0])
@pytest.mark.parametrize("longest", [512, 1024, 2048])
@pytest.mark.parametrize("encoders", ["pocket", "pocket+vgg19"])
def test_a_time_limit_is_met(
    monkeypatch: pytest.MonkeyPatch, limit: float, speed: float, longest: int, encoders: str
) -> None:
    """Whatever the machine and the size: to 15 %, or to half of the largest step there was."""
    sizes = octave_sizes((4, 3), longest, 256, 16)
    octaves = octaves_of(sizes, encoders.split("+"))
    clock = Clock(monkeypatch, speed)
    schedule = Schedule(octaves, Settings(time=limit), clock.now)
    clock.run(schedule, octaves)
    finish = schedules.FINISH * sizes[-1][0] * sizes[-1][1] / 1e6 + schedules.PROCESS
    painted = [octave for octave, steps in zip(octaves, schedule.steps, strict=True) if steps]
    (width, height), encoder, _ = painted[-1]
    step = width * height / 1e6 * speed * ENCODERS[encoder].cost
    assert abs(clock.now - 100 + finish - limit) <= max(0.15 * limit, 0.5 * step)
    assert schedule.steps[0] >= 1


@pytest.mark.parametrize("limit", [10, 20, 60])
def test_where_all_octaves_fit_each_has_its_share(
    monkeypatch: pytest.MonkeyPatch, limit: float
) -> None:
    clock = Clock(monkeypatch, 2.0)
    schedule = Schedule(OCTAVES, Settings(time=limit), clock.now)
    clock.run(schedule)
    first, last = (
        n / usual for n, usual in zip(schedule.steps, default_steps(OCTAVES), strict=True)
    )
    assert first == pytest.approx(last, rel=0.35)


@pytest.mark.parametrize("limit", [4.5, 5, 6, 7, 8, 10, 15, 20, 40])
@pytest.mark.parametrize("longest", [512, 1024])
def test_a_dear_last_octave_does_not_starve_the_others(
    monkeypatch: pytest.MonkeyPatch, limit: float, longest: int
) -> None:
    octaves = octaves_of(octave_sizes((4, 3), longest, 256, 16), ["pocket", "vgg19"])
    clock = Clock(monkeypatch, 0.36)
    schedule = Schedule(octaves, Settings(time=limit), clock.now)
    clock.run(schedule, octaves)
    usual = default_steps(octaves)
    shares = [n / u for n, u in zip(schedule.steps, usual, strict=True) if n]
    assert min(shares) > 0.33 * max(shares), schedule.steps
    if schedule.steps[-1]:
        assert schedule.steps[-1] >= schedules.LEAST_STEPS


def test_a_limit_too_short_for_the_fine_octave_is_spent_on_the_coarse_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch, speed=20.0)
    schedule = Schedule(OCTAVES, Settings(time=20), clock.now)
    clock.run(schedule)
    assert schedule.steps[0] >= 10
    assert schedule.steps[1] == 0


def test_even_no_time_at_all_gives_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, speed=6.0)
    schedule = Schedule(OCTAVES, Settings(time=0.01), clock.now)
    clock.run(schedule)
    assert schedule.steps == [1, 0]


def test_a_machine_that_slows_down_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, speed=1.0)
    schedule = Schedule(OCTAVES, Settings(time=30), clock.now)
    schedule.should_run(0)
    for step in (1, 2, 3):
        clock.now += 0.05
        schedule.record_time(0, step, 0.05)
    clock.speed = 8.0
    clock.run(schedule)
    assert clock.now - 100 < 30 * 1.15


def test_an_octave_ends_when_its_loss_has_settled() -> None:
    schedule = Schedule(OCTAVES, Settings(), 0.0)
    schedule.steps = [100, 50]
    step = 0
    while step < schedule.steps[0]:
        step += 1
        schedule.record_loss(0, step, 1 / min(step, 10))
    # From the 10th step on nothing falls: 10 to 17 are as 18 to 25.
    assert schedule.steps == [25, 50]


@pytest.mark.parametrize("asked", [{"steps": (40, 40)}, {"time": 60.0}])
def test_settling_ends_nothing_that_was_asked_for(asked: dict[str, Any]) -> None:
    schedule = Schedule(OCTAVES, Settings(**asked), 0.0)
    before = list(schedule.steps)
    for step in range(1, 33):
        schedule.record_loss(0, step, 1.0)
    assert schedule.steps == before


def test_a_new_octave_settles_by_its_own_losses() -> None:
    schedule = Schedule(OCTAVES, Settings(), 0.0)
    for step in range(1, 16):
        schedule.record_loss(0, step, 1.0)
    for step in range(1, 17):
        schedule.record_loss(1, step, 1 / step)
    assert schedule.steps == list(default_steps(OCTAVES))


def test_a_loss_that_swings_has_not_settled() -> None:
    schedule = Schedule(OCTAVES, Settings(), 0.0)
    schedule.steps = [40, 50]
    for step in range(1, 41):
        schedule.record_loss(0, step, 1.0 if step % 2 else 1.1)
    assert schedule.steps == [40, 50]
