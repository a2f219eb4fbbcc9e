import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from impasto.cli import main
from impasto.weights.fetching import show_downloads

SMALL = ("--size", "64", "--min-size", "32", "--steps", "3,2")


class Outcome(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def only_line(self) -> str:
        """The one line that an error must be."""
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        return self.err.strip()


Impasto = Callable[..., Outcome]


@pytest.fixture
def impasto(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Impasto:
    """Run the command in this process."""

    def run(*arguments: object) -> Outcome:
        for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "PY_COLORS"):
            monkeypatch.delenv(name, raising=False)  # they would color the help text
        monkeypatch.setattr(sys, "argv", ["impasto", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            status = 0
        except SystemExit as exit:
            status = int(exit.code or 0)
        finally:
            show_downloads()
        out, err = capsys.readouterr()
        return Outcome(status, out, err)

    return run


@pytest.fixture
def stylize(impasto: Impasto) -> Impasto:
    """Run `impasto stylize`, small."""
    return lambda *arguments: impasto("stylize", *arguments, *SMALL)
