"""What the machine has, and the command for what it has not."""

import importlib.util

import pytest
from tests.cli.conftest import Impasto

from impasto.cli import doctor
from impasto.errors import install_command, packages_of


@pytest.mark.slow
def test_it_says_what_is_here(impasto: Impasto) -> None:
    outcome = impasto("doctor")
    assert outcome.status == 0
    said = {line.split()[0]: line for line in outcome.out.splitlines()}
    assert "cores" in said["machine"]
    assert "onnxruntime" in said["runtimes"]
    assert said["pocket"].endswith("pocket.safetensors")
    assert "ms a picture of 256x256" in said["fast"]
    assert "ms a step of 256x256" in said["optimize"]


def test_what_is_missing_has_its_command(
    impasto: Impasto, monkeypatch: pytest.MonkeyPatch, vgg_at_hand: None
) -> None:
    real = importlib.util.find_spec

    def without(name: str) -> object:
        return None if name in ("pydicom", "ray") else real(name)

    monkeypatch.setattr(doctor, "find_spec", without)
    said = impasto("doctor", "--no-probe").out
    assert f"missing pydicom: {install_command('medical')}" in said
    assert f"missing ray: {install_command('scale')}" in said
    assert "not here: impasto weights fetch" in said
    assert "256x256" not in said


def test_every_extra_is_known() -> None:
    everything = {"video", "lab", "openvino", "magenta", "studio", "collect", "scale", "medical"}
    everything |= {"person"}
    assert set(doctor._EXTRAS) == everything
    assert all(packages_of(extra) for extra in everything)
