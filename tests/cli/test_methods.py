"""`impasto methods` says what there is."""

from pathlib import Path

import pytest
from tests.cli.conftest import Impasto

from impasto.settings.encoders import ENCODERS
from impasto.settings.methods import METHODS


def test_every_method_and_encoder_is_listed(impasto: Impasto) -> None:
    lines = impasto("methods", "--no-time").out.splitlines()
    assert [f"{row.name}: {row.sentence}" for row in METHODS.values()] == [
        line for line in lines if not line.startswith((" ", "encoder "))
    ]
    assert [f"encoder {row.name}: {row.sentence}" for row in ENCODERS.values()] == [
        line for line in lines if line.startswith("encoder ")
    ]


@pytest.mark.slow
def test_what_is_here_is_timed(
    impasto: Impasto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path))
    outcome = impasto("methods")
    assert outcome.status == 0
    parts = outcome.out.split("\nfast: ")[1].split("magenta: ")
    assert "ms at 512x384" in parts[0]
    assert "here, " in parts[0]
    assert "not here: downloaded from Magenta on first use" in parts[1]
    assert "ms at" not in parts[1]
    assert "ms at" not in impasto("methods", "--no-time").out
