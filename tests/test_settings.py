import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.errors import SettingsError
from impasto.settings import FIELDS, Settings
from impasto.settings.choices import DEFAULT_WEIGHTS


def test_a_look_stands_for_settings_that_the_method_takes() -> None:
    bold = Settings(look="bold")
    assert (bold.look, bold.style_scale, bold.content_weight) == (None, 2.0, 0.06)
    assert Settings(look="bold", method="fast") == Settings(style_scale=2.0, method="fast")
    assert bold.updated(look="faithful") == Settings(look="faithful")
    assert bold.updated(look=None) == bold
    with pytest.raises(SettingsError, match="look means style_scale 2"):
        Settings(look="bold", style_scale=1.0)
    with pytest.raises(SettingsError, match="look faithful does nothing with method fast"):
        Settings(look="faithful", method="fast")


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
        ({"size": "640"}, 640),
        ({"size": "original"}, 0),
        ({"size": 0}, 0),
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
        ({"size": 1.5}, "size must be a whole number or original, not 1.5"),
        ({"size": True}, "size must be a whole number or original, not True"),
        ({"strength": None}, "strength must have a value"),
        ({"keep_exif": 1}, "keep_exif must be true or false"),
        ({"color": "blue"}, "color must be one of style, content, match; not 'blue'"),
        ({"bits": 12}, "bits must be one of 8, 16; not 12"),
        ({"ema": 1}, "ema must be at most 0.9999"),
        ({"time": 0}, "time must be above 0"),
        ({"time": float("inf")}, "time must be a finite number"),
        ({"steps": ()}, "steps is empty"),
        ({"steps": 3, "time": 4}, "exclude each other"),
        ({"style_layer_weights": (1, 2)}, "has 2 values, style_layers 5"),
        ({"seed": 2**63}, "seed must be at most"),
        ({"init": 3}, "init must be a word"),
    ],
)
def test_wrong_values_are_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_dict(given)


@pytest.mark.parametrize("make", [Settings, Settings().updated])
def test_a_misspelled_name_is_told_with_the_nearest(make: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match="no setting 'strenght'; did you mean 'strength'"):
        make(strenght=1)


def test_quality_is_two_options_at_once() -> None:
    assert Settings(quality="draft") == Settings(method="fast")
    assert Settings(quality="good") == Settings()
    with pytest.raises(SettingsError, match="quality means method fast: leave one of the two out"):
        Settings(quality="draft", method="optimize")


def test_they_can_be_pickled_and_replaced() -> None:
    settings = Settings(style_weights=(3, 1), keep="faces")
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert replace(settings, size=64).size == 64


@pytest.mark.parametrize(
    ("weights", "shares"), [(None, [0.5, 0.5]), ((3, 1), [0.75, 0.25]), ((0, 2), [0, 1])]
)
def test_style_weights_are_normalized(
    weights: tuple[float, ...] | None, shares: list[float]
) -> None:
    assert Settings(style_weights=weights).normalized_style_weights(2) == shares


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


def test_what_would_take_for_ever_is_refused() -> None:
    nested: Any = 1
    for _ in range(900):
        nested = [nested]
    for options, said in (
        ({"style_loss": "+".join(["gram"] * 3000)}, "style_loss has 3000 parts: 16 at most"),
        ({"steps": (10**9,)}, "steps must be at most 100000"),
        ({"size": nested}, "size must be a whole number or original, not "),
        ({"size": "x" * 10**6}, "size must be a whole number or original, not "),
        ({"x" * 10**6: 1}, "there is no setting"),
    ):
        with pytest.raises(SettingsError, match=said) as caught:
            Settings(**options)
        assert len(str(caught.value)) < 1000
    with pytest.raises(SettingsError, match="5000 style pictures are too many: give 256 at most"):
        Settings().normalized_style_weights(5000)
