from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.errors import SettingsError
from impasto.settings import FIELDS, Settings
from impasto.settings.choices import DEFAULT_WEIGHTS


def test_settings_survive_their_dictionary() -> None:
    settings = Settings(steps=(8, 3), style_weights=(3, 1), color="match", seed=2**63 - 1)
    assert Settings.from_dict(settings.to_dict()) == settings


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"steps": "80,25"}, (80, 25)),
        ({"steps": "80 25"}, (80, 25)),
        ({"steps": 60}, (60,)),
        ({"steps": [7]}, (7,)),
        ({"style_weights": "3,1"}, (3.0, 1.0)),
        ({"style_weights": np.array([3.0, 1.0])}, (3.0, 1.0)),
        ({"style_layers": "relu1_1"}, ("relu1_1",)),
        ({"seed": 2**53 + 1}, 2**53 + 1),
        ({"size": 640.0}, 640),
        ({"init": Path("start.png")}, "start.png"),
        ({"learning_rate": 1}, 1.0),
    ],
)
def test_values_come_in_the_fields_own_type(given: dict[str, Any], kept: object) -> None:
    (name,) = given
    value = getattr(Settings.from_dict(given), name)
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sise": 3}, "did you mean 'size'"),
        ({"quux": 3}, "known are: method, quality, encoder"),
        ({"size": 3}, "size must be at least 16, not 3"),
        ({"size": 1.5}, "size must be a whole number, not 1.5"),
        ({"size": True}, "size must be a whole number, not True"),
        ({"size": None}, "size must have a value"),
        ({"keep_exif": 1}, "keep_exif must be true or false"),
        ({"color": "blue"}, "color must be one of style, content, match; not 'blue'"),
        ({"bits": 12}, "bits must be one of 8, 16; not 12"),
        ({"ema": 1}, "ema must be at most 0.9999"),
        ({"time": 0}, "time must be above 0"),
        ({"time": float("inf")}, "time must be a finite number"),
        ({"steps": ()}, "steps is empty"),
        ({"steps": 3, "time": 4}, "exclude each other"),
        ({"style_layer_weights": (1, 2)}, "has 2 values, but style_layers has 5"),
        ({"seed": 2**63}, "seed must be at most"),
        ({"init": 3}, "init must be a word"),
    ],
)
def test_wrong_values_are_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_dict(given)


def test_they_are_frozen_and_comparable() -> None:
    assert hash(Settings()) == hash(Settings())
    with pytest.raises(AttributeError):
        Settings().size = 3  # type: ignore[misc]


def test_weights_follow_the_form_of_the_losses() -> None:
    assert Settings().loss_weights == DEFAULT_WEIGHTS["relative"]
    assert Settings(loss="gatys").loss_weights == DEFAULT_WEIGHTS["gatys"]
    assert Settings(content_weight=0, tv_weight=3).loss_weights == (0.0, 1.0, 3.0)


def test_the_position_is_part_of_the_cameras_data() -> None:
    assert Settings(keep_gps=True).keep_exif


def test_every_field_explains_itself() -> None:
    for each in FIELDS.values():
        assert each.metadata["help"].endswith(".") or ":" in each.metadata["help"]
        assert each.metadata["group"]
