"""The page's controls are the settings, all of them."""

import gradio as gr
import pytest

from impasto.errors import SettingsError
from impasto.settings import FIELDS, Settings
from impasto.studio.engine import Engine
from impasto.studio.form import MAIN, advanced, filled, given
from impasto.studio.options import StudioOptions

CHANGED = Settings(
    method="fast+optimize",
    encoder="pocket+vgg19",
    content_weight=0.3,
    content_layers=("relu3_1", "relu4_2"),
    steps=(10, 20),
    keep_exif=True,
    bits=16,
    seed=7,
)


@pytest.fixture
def controls() -> dict[str, gr.components.Component]:
    with gr.Blocks():
        return advanced()


def test_no_setting_is_missing(controls: dict[str, gr.components.Component]) -> None:
    assert {*controls, *MAIN} == FIELDS.keys()
    assert not controls.keys() & set(MAIN)


def test_what_is_not_said_is_the_default(controls: dict[str, gr.components.Component]) -> None:
    values = tuple(each.value for each in controls.values())
    assert given(controls, values) == {}
    assert filled(controls, Settings().to_dict()) == list(values)


def test_settings_go_into_the_form_and_come_back(
    controls: dict[str, gr.components.Component],
) -> None:
    values = filled(controls, CHANGED.to_dict())
    assert Settings.from_dict(given(controls, tuple(values))) == CHANGED


def test_settings_that_a_studio_refuses() -> None:
    ours = Engine(StudioOptions(max_size=512)).settings
    with pytest.raises(SettingsError, match="at most 512"):
        ours({"size": 600})
    with pytest.raises(SettingsError, match="number"):
        ours({"content_weight": "much"})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_who_sits_at_the_machine_may_name_its_files(host: str) -> None:
    settings = Engine(StudioOptions(host=host)).settings({"init": "/a/file.png"})
    assert settings.init == "/a/file.png"


@pytest.mark.parametrize(
    "options",
    [
        StudioOptions(public=True),
        StudioOptions(host="0.0.0.0"),
        StudioOptions(host="::"),
        StudioOptions(host="192.168.1.5"),
        StudioOptions(host="studio.example"),
    ],
)
def test_others_name_no_files_of_the_machine(options: StudioOptions) -> None:
    settings = Engine(options).settings
    refused: list[dict[str, object]] = [
        {"init": "/etc/passwd"},
        {"weights": "x.safetensors"},
        {"method": "/some/network.onnx"},
    ]
    for values in refused:
        with pytest.raises(SettingsError, match="no names of files"):
            settings(values)
    assert settings({"init": "noise"}).init == "noise"


def test_results_outlast_the_longest_work() -> None:
    assert StudioOptions(minutes=120).lasting == 3 * 3600


@pytest.mark.parametrize(
    "wrong",
    [{"port": 0}, {"max_size": 8}, {"queue": 0}, {"minutes": 0}, {"auth": (("me", ""),)}],
)
def test_options_of_the_studio(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        StudioOptions(**wrong)  # type: ignore[arg-type]
