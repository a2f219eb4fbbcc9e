import errno
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from tests.cli.conftest import SMALL, Impasto
from tests.networks.test_formats import seeded_vgg
from tests.weights.conftest import save_keras

from impasto.errors import ImageError, ImpastoError, install_command
from impasto.images import Picture, open_picture, read_recipe
from impasto.settings import FIELDS, Settings

Files = tuple[Path, Path]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def test_it_paints_next_to_nothing_said(stylize: Impasto, files: Files) -> None:
    outcome = stylize(*files)
    assert outcome.status == 0
    assert outcome.out == "photo-painting.png\n"
    assert outcome.err.startswith("pocket on cpu")
    assert open_picture("photo-painting.png").size == (64, 43)


@pytest.mark.slow
def test_an_existing_output_is_kept_unless_forced(stylize: Impasto, files: Files) -> None:
    names = [stylize(*files).out.strip() for _ in range(3)]
    assert names == ["photo-painting.png", "photo-painting-2.png", "photo-painting-3.png"]
    before = Path("photo-painting.png").read_bytes()
    forced = stylize(*files, "--force", "--seed", "3")
    assert forced.out == "photo-painting.png\n"
    assert Path("photo-painting.png").read_bytes() != before


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_an_input_is_never_overwritten(
    stylize: Impasto, files: Files, force: tuple[str, ...]
) -> None:
    before = files[0].read_bytes()
    outcome = stylize(*files, "-o", files[0], *force)
    assert outcome.status == 1
    assert "is the input" in outcome.only_line
    assert files[0].read_bytes() == before


def test_output_into_a_folder_and_other_formats(
    stylize: Impasto, files: Files, tmp_path: Path
) -> None:
    assert stylize(*files, "-o", tmp_path).out == f"{tmp_path / 'photo-painting.png'}\n"
    assert stylize(*files, "-o", "a.jpg").status == 0
    assert Path("a.jpg").read_bytes().startswith(b"\xff\xd8")


def test_several_styles(stylize: Impasto, files: Files) -> None:
    content, style = files
    outcome = stylize(content, style, content, "--style-weights", "3,1")
    assert outcome.out == "photo-painting-photo.png\n"
    recipe = read_recipe("photo-painting-photo.png")
    assert [s["name"] for s in recipe["styles"]] == ["painting.png", "photo.png"]
    assert recipe["settings"]["style_weights"] == [3.0, 1.0]


def test_sixteen_bits(stylize: Impasto, files: Files, tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65535, (64, 64, 3)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="rgb")
    assert stylize(tmp_path / "deep.tif", files[1], "-o", "deep.tif").status == 0
    assert tifffile.imread("deep.tif").dtype == np.uint16
    assert stylize(*files, "-o", "eight.tif", "--bits", "16").status == 0
    assert tifffile.imread("eight.tif").dtype == np.uint16


def test_quiet_prints_the_path_only(stylize: Impasto, files: Files) -> None:
    outcome = stylize(*files, "-q")
    assert (outcome.err, outcome.out) == ("", "photo-painting.png\n")


@pytest.mark.slow
def test_pipes(files: Files) -> None:
    """The content from standard input, the result to standard output, paths to neither."""
    command = [sys.executable, "-m", "impasto", "stylize", "-", str(files[1]), *SMALL]
    command += ["-o", "-", "--animation", "how.gif"]
    run = subprocess.run(command, input=files[0].read_bytes(), capture_output=True, check=True)
    assert open_picture(run.stdout).size == (64, 43)
    assert run.stdout.endswith(b"IEND\xaeB`\x82")
    assert run.stderr.endswith(b"how.gif\n")


@pytest.mark.slow
def test_animation_and_plot(stylize: Impasto, files: Files) -> None:
    pytest.importorskip("matplotlib")
    outcome = stylize(*files, "--animation", "how.gif", "--plot", "losses.png")
    assert outcome.out == "photo-painting.png\nhow.gif\nlosses.png\n"
    with Image.open("how.gif") as animation:
        assert getattr(animation, "n_frames", 1) == 5
        assert animation.size == (64, 43)
    assert open_picture("losses.png").width > 600


@pytest.mark.parametrize("suffix", ["webp", "mp4"])
@pytest.mark.slow
def test_other_animations(stylize: Impasto, files: Files, suffix: str) -> None:
    if suffix == "mp4":
        pytest.importorskip("av")
    outcome = stylize(*files, "--animation", f"how.{suffix}")
    assert outcome.status == 0
    assert Path(f"how.{suffix}").stat().st_size > 500


def test_a_missing_extra_is_told_before_the_work(
    stylize: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    outcome = stylize(*files, "--plot", "losses.png")
    assert outcome.status == 1
    assert outcome.only_line.endswith(install_command("lab"))
    assert not list(Path().iterdir())


@pytest.mark.slow
def test_random_content_and_style(stylize: Impasto, files: Files, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        (folder / name).write_bytes(files[0].read_bytes())
    (folder / "notes.txt").write_text("no picture")
    drawn = [stylize("--random", folder, "--seed", seed).out for seed in (1, 1, 2, 3, 4)]
    assert drawn[1] == drawn[0].replace(".png", "-2.png")
    assert len({d.replace("-2", "") for d in drawn}) > 1
    assert all(d[0] != d[2] for d in drawn)
    style = stylize(files[0], "--random", folder, "--seed", 2).out
    assert style.startswith("photo-")


@pytest.mark.slow
def test_a_recipe_from_a_picture_and_from_a_file(
    stylize: Impasto, impasto: Impasto, files: Files
) -> None:
    stylize(*files, "--content-weight", "0.7", "-o", files[0].with_name("first.png"))
    made = files[0].with_name("first.png")
    again = impasto("stylize", "--recipe", made, "-o", "again.png")
    assert again.status == 0
    assert Path("again.png").read_bytes() == made.read_bytes()
    Path("r.json").write_text(impasto("recipe", made, "--json").out)
    changed = impasto("stylize", *files, "--recipe", "r.json", "--size", "48", "-o", "small.png")
    assert changed.status == 0
    Path("other.png").write_bytes(files[0].read_bytes())
    other = impasto("stylize", "other.png", "--recipe", made, "--look-in", files[0].parent)
    assert other.out == "other-painting.png\n"
    with_init = impasto("stylize", *files, *SMALL, "--init", files[1], "-o", "started.png")
    assert with_init.status == 0
    missing = impasto("stylize", *files, "--recipe", "started.png", "--look-in", files[0].parent)
    assert missing.status == 0
    settings = read_recipe("small.png")["settings"]
    assert (settings["size"], settings["content_weight"]) == (48, 0.7)


def test_a_disk_that_fills_up_does_not_lose_the_work(
    stylize: Impasto, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescue = tmp_path / "rescue"
    rescue.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(rescue))
    opened = Path.open

    def full(self: Path, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        mode = str((*arguments[:1], options.get("mode")))
        writing = "b" in mode and "r" not in mode
        if writing and rescue not in self.absolute().parents:
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    outcome = stylize(*files, "-q")
    assert outcome.status == 1
    assert "free some space" in outcome.only_line
    assert f"the picture is in {rescue / 'photo-painting.png'}" in outcome.only_line
    assert open_picture(rescue / "photo-painting.png").size == (64, 43)
    assert not list(Path().iterdir())


def test_recipe_in_words(stylize: Impasto, impasto: Impasto, files: Files) -> None:
    stylize(*files, "--tv-weight", "2")
    outcome = impasto("recipe", "photo-painting.png")
    assert outcome.out.startswith("impasto stylize photo.png painting.png --min-size 32")
    assert "--tv-weight 2.0" in outcome.out
    assert str(files[0].parent) not in outcome.out
    whole = json.loads(impasto("recipe", "photo-painting.png", "--json").out)
    assert set(whole["settings"]) == set(FIELDS)


@pytest.mark.slow
@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.webp", "out.tif"])
def test_reproduce_gives_the_same_bytes(
    stylize: Impasto, impasto: Impasto, files: Files, name: str
) -> None:
    stylize(*files, "-o", name, "--init", "noise", "--seed", "5")
    outcome = impasto("reproduce", name, "--look-in", files[0].parent)
    again = Path(name.replace("out", "out-again"))
    assert outcome.out == f"{again}\n"
    assert outcome.err.startswith("pocket on cpu")
    assert outcome.err.count("\n") == 1
    assert again.read_bytes() == Path(name).read_bytes()


@pytest.mark.slow
def test_reproduce_a_run_ended_by_time(impasto: Impasto, files: Files) -> None:
    small = [x for x in SMALL if x not in ("--steps", "3,2")]
    impasto("stylize", *files, *small, "--time", "1.2", "-o", "timed.png")
    settings = read_recipe("timed.png")["settings"]
    assert settings["time"] is None
    assert sum(settings["steps"]) >= 1
    assert impasto("reproduce", "timed.png", "--look-in", files[0].parent).status == 0
    assert Path("timed-again.png").read_bytes() == Path("timed.png").read_bytes()


def test_ctrl_c_saves_what_there_is(
    stylize: Impasto, impasto: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.cli.painting import RunBar

    count = itertools.count()

    def interrupt(*_: object) -> None:
        if next(count) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunBar, "follow", interrupt)
        outcome = stylize(*files)
    assert outcome.status == 130
    assert outcome.out == "photo-painting.png\n"
    assert "stopped after 4 of 5 steps; saving what there is" in outcome.err
    assert read_recipe("photo-painting.png")["settings"]["stop_after"] == 4
    assert impasto("reproduce", "photo-painting.png", "--look-in", files[0].parent).status == 0
    again = Path("photo-painting-again.png").read_bytes()
    assert again == Path("photo-painting.png").read_bytes()


def test_ctrl_c_before_the_first_step(
    stylize: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("impasto.cli.painting.stylizer", interrupt)
    outcome = stylize(*files)
    assert outcome.status == 130
    assert outcome.only_line == "stopped before anything was painted"


def wait_for_work(process: int, seconds: float) -> None:
    """Wait until a process has computed so much more, where that is told; on a busy machine too."""
    stat, begun = Path(f"/proc/{process}/stat"), time.monotonic()

    def computed() -> float:
        if not stat.exists():
            return time.monotonic() - begun
        ticks = sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    before = computed()
    while time.monotonic() - begun < 60 and computed() < before + seconds:
        time.sleep(0.05)


@pytest.mark.slow
def test_a_real_interrupt(files: Files) -> None:
    """Signals to a process at work: the picture is saved, and the status is that of the first."""
    signals = (signal.SIGHUP, signal.SIGTERM, signal.SIGTERM, signal.SIGHUP)
    command = [sys.executable, "-m", "impasto", "stylize", *map(str, files), *SMALL]
    command += ["--steps", "100000", "--min-size", "64", "--animation", "how.gif"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            assert "pocket on" in process.stderr.readline()
            wait_for_work(process.pid, 1.0)
            for each in signals:  # as terminals and systemd do
                process.send_signal(each)
                time.sleep(0.05)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 128 + signal.SIGHUP, err
    assert out == "photo-painting.png\nhow.gif\n"
    assert "saving what there is" in err
    assert read_recipe("photo-painting.png")["settings"]["stop_after"] > 1


def test_a_reader_that_ends_first_loses_nothing(
    stylize: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends `tee` in `impasto … 2>&1 | tee log` before the last line is written."""
    from impasto.cli.painting import RunBar

    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    def interrupt(*_: object) -> None:
        monkeypatch.setattr(sys, "stderr", Gone())
        raise KeyboardInterrupt

    monkeypatch.setattr(RunBar, "follow", interrupt)
    assert stylize(*files).status == 130
    assert Path("photo-painting.png").exists()


def test_a_full_disk_keeps_the_checkpoint(
    stylize: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.cli import outputs
    from impasto.images import Picture

    def full(*_: object, **__: object) -> None:
        raise ImageError("cannot write out.png (No space left on device): free some space")

    monkeypatch.setattr(outputs, "INTERVAL", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(Picture, "save", full)
        outcome = stylize(*files, "--resume", "-o", "out.png")
    assert outcome.status == 1
    assert "No space left" in outcome.err
    assert "the same command with --resume goes on" in outcome.err
    assert Path("out.png.checkpoint").exists()
    assert stylize(*files, "--resume", "-o", "out.png").out == "out.png\n"


def test_an_error_in_mid_run_saves_what_there_is(
    stylize: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.records import Records

    count = itertools.count()

    def fail(*_: object) -> None:
        if next(count) == 2:
            raise ImpastoError("the losses left all bounds")

    monkeypatch.setattr(Records, "add", fail)
    outcome = stylize(*files)
    assert outcome.status == 1
    assert outcome.out == "photo-painting.png\n"
    assert outcome.err.endswith("impasto: the losses left all bounds\n")


def test_an_animation_ends_with_the_result(
    stylize: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[NDArray[np.uint8]] = []

    def keep(frames: list[NDArray[np.uint8]], path: Path, **_: object) -> Path:
        kept.extend(frames)
        return path

    monkeypatch.setattr("impasto.records.MOST_FRAMES", 3)
    monkeypatch.setattr("impasto.records.save_animation", keep)
    assert stylize(*files, "--steps", "4,5", "--animation", "how.gif").status == 0
    assert 2 <= len(kept) <= 4
    np.testing.assert_array_equal(kept[-1], open_picture("photo-painting.png").to_array())


def test_reproduce_never_overwrites_an_input(
    stylize: Impasto, impasto: Impasto, files: Files
) -> None:
    stylize(*files)
    before = files[0].read_bytes()
    outcome = impasto(
        "reproduce", "photo-painting.png", "--look-in", files[0].parent, "-o", files[0], "--force"
    )
    assert outcome.status == 1
    assert "is the input" in outcome.only_line
    assert files[0].read_bytes() == before


def test_reproduce_finds_renamed_inputs_by_their_content(
    stylize: Impasto, impasto: Impasto, files: Files, tmp_path: Path
) -> None:
    stylize(*files)
    hidden = tmp_path / "somewhere" / "else"
    hidden.mkdir(parents=True)
    files[0].rename(hidden / "renamed.png")
    files[1].rename(hidden / "also.png")
    outcome = impasto("reproduce", "photo-painting.png", "--look-in", tmp_path, "-o", tmp_path)
    assert outcome.status == 0
    assert outcome.out == f"{tmp_path / 'photo-painting-again.png'}\n"


def test_weights_of_ones_own(impasto: Impasto, files: Files, tmp_path: Path) -> None:
    own = tmp_path / "own.h5"
    save_keras(seeded_vgg(), own, as_bytes=True)
    layers = ("--style-layers", "relu1_1,relu2_1", "--content-layers", "relu2_1")
    small = ("--size", "64", "--min-size", "32", "--steps", "2,1", "--encoder", "vgg19", *layers)
    assert impasto("stylize", *files, *small, "--weights", own, "-o", "out.png").status == 0
    outcome = impasto("reproduce", "out.png", "--look-in", tmp_path)
    assert outcome.status == 0, outcome.err
    assert Path("out-again.png").read_bytes() == Path("out.png").read_bytes()
    other = impasto("stylize", *files, "--recipe", "out.png", "--look-in", tmp_path)
    assert read_recipe(other.out.strip())["weights"][0]["name"] == "own.h5"


@pytest.mark.usefixtures("vgg_at_hand")
@pytest.mark.slow
def test_two_encoders_can_be_reproduced(impasto: Impasto, files: Files) -> None:
    small = ("--size", "64", "--min-size", "32", "--steps", "2,1,2")
    both = impasto("stylize", *files, *small, "--encoder", "pocket+vgg19", "-o", "out.png")
    assert both.status == 0, both.err
    assert "pocket+vgg19 on cpu" in both.err
    assert impasto("reproduce", "out.png", "--look-in", files[0].parent).status == 0
    assert Path("out-again.png").read_bytes() == Path("out.png").read_bytes()
    assert "vgg19.safetensors" in impasto("recipe", "out.png").out
    other = impasto("stylize", *files, "--recipe", "out.png", "--encoder", "pocket")
    assert other.status == 0, other.err
    assert len(read_recipe(other.out.strip())["settings"]["steps"]) == 2
    swapped = impasto("stylize", *files[::-1], "--recipe", "out.png")
    assert read_recipe(swapped.out.strip())["settings"]["steps"] == [2, 1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fast", "fast+optimize"])
def test_methods_with_the_fast_network(impasto: Impasto, files: Files, method: str) -> None:
    small = ("--size", "64", "--method", method, *(("--steps", "3") if "+" in method else ()))
    outcome = impasto("stylize", *files, *small, "-o", "out.png")
    assert outcome.status == 0, outcome.err
    assert "any-style network, o" in outcome.err
    assert outcome.out == "out.png\n"
    assert impasto("reproduce", "out.png", "--look-in", files[0].parent).status == 0
    assert Path("out-again.png").read_bytes() == Path("out.png").read_bytes()
    said = impasto("recipe", "out.png").out
    assert f"--method {method}" in said
    assert "any_style.onnx" in said
    assert ("pocket.safetensors" in said) == ("+" in method)


def test_quality_is_one_word_for_method_and_encoder(impasto: Impasto, files: Files) -> None:
    drafted = impasto("stylize", *files, "--size", "64", "--quality", "draft", "-o", "draft.png")
    assert drafted.status == 0, drafted.err
    assert read_recipe("draft.png")["settings"]["method"] == "fast"
    assert Settings(quality="best").encoder == "vgg19"
    again = impasto("stylize", "--recipe", "draft.png", "--look-in", files[0].parent)
    assert again.status == 0, again.err
    finer = ("--quality", "good", "--steps", "2", "-o", "good.png", "--look-in", files[0].parent)
    better = impasto("stylize", "--recipe", "draft.png", *finer)
    assert better.status == 0, better.err
    assert read_recipe("good.png")["settings"]["method"] == "optimize"
    plotted = impasto("stylize", *files, "--quality", "draft", "--plot", "losses.png")
    assert plotted.status == 2
    assert "one pass has none" in plotted.only_line


def test_no_absolute_paths_in_the_recipe(stylize: Impasto, files: Files) -> None:
    stylize(*files, "--init", files[1])
    data = Path("photo-painting.png").read_bytes()
    assert str(files[0].parent).encode() not in data
    assert os.fsencode(Path.cwd()) not in data


def test_reproduce_without_the_inputs(
    stylize: Impasto, impasto: Impasto, files: Files, tmp_path: Path
) -> None:
    stylize(*files)
    outcome = impasto("reproduce", "photo-painting.png")
    assert outcome.status == 1
    assert "photo.png is not here" in outcome.only_line
    assert "--look-in" in outcome.only_line
    Image.new("RGB", (50, 50)).save(files[0])
    changed = impasto("reproduce", "photo-painting.png", "--look-in", tmp_path)
    assert "its content has changed" in changed.only_line


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.slow
def test_masks_what_is_kept_and_fine_texture_can_be_reproduced(
    stylize: Impasto, impasto: Impasto, files: Files, fast: bool
) -> None:
    folder = files[0].parent
    for name, side in (("left.png", 0), ("right.png", 1)):
        levels = np.zeros((64, 96), np.uint8)
        levels[:, side * 48 : side * 48 + 48] = 255
        Image.fromarray(levels).save(folder / name)
    more = ("--mask", f"{folder / 'left.png'}=mosaic", "--keep", folder / "right.png")
    output = ("-o", folder / "made.png")
    if fast:
        made = impasto("stylize", *files, *more, *output, "--size", 64, "--method", "fast")
    else:
        made = stylize(*files, *more, *output, "--fine-style", "woodcut")
    assert made.status == 0, made.err
    settings = read_recipe(folder / "made.png")["settings"]
    assert settings["masks"] == ["rest", "left.png"]
    assert settings["keep"] == "right.png"
    assert settings["fine_style"] == (None if fast else "woodcut.avif")
    assert impasto("reproduce", folder / "made.png").status == 0
    assert (folder / "made.png").read_bytes() == Path("made-again.png").read_bytes()


def test_styles_where_things_are_found(
    impasto: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def left_half(picture: Picture) -> NDArray[np.float32]:
        columns = np.arange(picture.width) < picture.width // 2
        return np.broadcast_to(columns, (picture.height, picture.width)).astype(np.float32)

    monkeypatch.setattr("impasto.composition.find_person", left_half)
    small = ("--size", "64", "--method", "fast", "-o", "out.png")
    where = ("--where", f"person={files[1]}", "background=waves")
    outcome = impasto("stylize", files[0], *small, *where)
    assert outcome.status == 0, outcome.err
    assert "person: 50 % of the picture" in outcome.err
    said = impasto("recipe", "out.png").out
    assert "painting.png waves --masks person,background --method fast" in said
    assert impasto("reproduce", "out.png", "--look-in", files[0].parent).status == 0
    assert Path("out-again.png").read_bytes() == Path("out.png").read_bytes()
    rest = ("--where", f"person={files[1]}", "waves", "--force")
    assert impasto("stylize", files[0], *small, *rest).status == 0
    assert "waves painting.png --masks rest,person" in impasto("recipe", "out.png").out
    assert "names no style" in impasto("stylize", files[0], "--where", "sky").only_line


def test_a_mask_without_a_style(stylize: Impasto, files: Files) -> None:
    for given in (["left.png"], [f"left.png={files[1]}", "--mask", "right.png"]):
        assert "names no style" in stylize(*files, "--mask", *given).only_line


@pytest.mark.slow
def test_a_plan_is_said_and_nothing_painted(
    stylize: Impasto, impasto: Impasto, files: Files
) -> None:
    outcome = stylize(*files, "--plan")
    assert outcome.status == 0
    assert outcome.out.splitlines()[:2] == ["32x22: 3 steps of pocket", "64x43: 2 steps of pocket"]
    assert " GiB; cpu" in outcome.out
    assert not list(Path().iterdir())
    fast = impasto("stylize", *files, "--plan", "--method", "fast")
    assert fast.out.splitlines()[0] == "96x64: one pass of our own any-style network"
    assert " GiB; " in fast.out


@pytest.mark.slow
def test_a_killed_run_is_gone_on_with(
    stylize: Impasto, impasto: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.cli import outputs
    from impasto.cli.painting import RunBar

    stylize(*files, "-o", "whole.png")
    count = itertools.count()

    def interrupt(*_: object) -> None:
        if next(count) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(outputs, "INTERVAL", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(RunBar, "follow", interrupt)
        assert stylize(*files, "--resume", "-o", "out.png").status == 130
    assert Path("out.png.checkpoint").exists()
    shown: list[object] = []
    monkeypatch.setattr(RunBar, "follow", lambda _, state: shown.append(state))
    resumed = stylize(*files, "--resume", "-o", "out.png")
    assert (resumed.status, resumed.out) == (0, "out.png\n")  # in the place of the unfinished one
    assert len(shown) < 5
    assert Path("out.png").read_bytes() == Path("whole.png").read_bytes()
    assert not Path("out.png.checkpoint").exists()
    shown.clear()
    finished = stylize(*files, "--resume", "-o", "out.png")
    assert (finished.status, finished.out, shown) == (0, "out.png\n", [])
    assert finished.err == "out.png is finished: nothing is left to resume\n"
    assert not Path("out-2.png").exists()
    other = stylize(*files, "--resume", "-o", "out.png", "--seed", "7")
    assert (other.out, shown != []) == ("out-2.png\n", True)
    fast = impasto("stylize", *files, "--resume", "--method", "fast")
    assert "leave --resume out" in fast.err
    assert "name an --output" in stylize(*files, "--resume", "-o", "-").err


def test_of_an_animation_it_says_what_is_painted(impasto: Impasto, files: Files) -> None:
    frames = [Image.open(files[0]).rotate(20 * turn) for turn in range(4)]
    for suffix in ("gif", "webp"):
        frames[0].save(f"ball.{suffix}", save_all=True, append_images=frames[1:])
    said = "an animation's first frame is painted; impasto video paints all"
    fast = ("--method", "fast", "--size", 48, "-q")
    for content in ("ball.gif", "ball.webp"):
        outcome = impasto("stylize", content, files[1], *fast)
        assert outcome.err == f"{content}: {said}\n"
        assert outcome.status == 0
    assert impasto("stylize", *files, *fast).err == ""
    outcome = impasto("batch", "ball.gif", "ball.webp", "-s", files[1], "-o", "out", *fast)
    assert outcome.err.splitlines()[0] == f"ball.gif and 1 more: {said}"
    outcome = impasto("explore", "ball.gif", files[1], "--vary", "strength=0.5,1", *fast)
    assert outcome.err == f"ball.gif: {said}\n"
