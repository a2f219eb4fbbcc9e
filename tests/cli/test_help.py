import re
import subprocess
import sys

import pytest
from tests.cli.conftest import Impasto

import impasto as package
from impasto.cli.options import flag, in_flags
from impasto.settings import FIELDS

HEAVY = (
    "torch",
    "numpy",
    "PIL",
    "h5py",
    "scipy",
    "safetensors",
    "requests",
    "imagecodecs",
)


def modules_after(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has after some code."""
    program = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(run.stderr.split())


def test_help_imports_nothing_heavy() -> None:
    code = "sys.argv = ['impasto', '--help']\nfrom impasto.cli import main\n"
    code += "try:\n    main()\nexcept SystemExit:\n    pass"
    assert not modules_after(code) & set(HEAVY)


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert not modules_after("import impasto; impasto.Settings()") & {*HEAVY, "typer", "rich"}


def test_listing_weights_needs_no_torch(impasto: Impasto) -> None:
    code = "sys.argv = ['impasto', 'weights', 'list']\nfrom impasto.cli import main\n"
    code += "try:\n    main()\nexcept SystemExit:\n    pass"
    assert not modules_after(code) & {"torch", "numpy", "h5py"}
    outcome = impasto("weights", "list")
    assert "vgg19-keras" in outcome.out


BRIEF = ("stylize", "video", "live", "batch", "dataset", "explore")


@pytest.mark.parametrize("command", BRIEF)
def test_the_short_help_fits_on_a_screen(impasto: Impasto, command: str) -> None:
    text = impasto(command, "--help").out
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 80
    assert impasto(command, "-h").out == text
    assert "--help-all" in text
    assert len(text.splitlines()) < len(impasto(command, "--help-all").out.splitlines())


def test_a_command_without_a_short_help_shows_everything(impasto: Impasto) -> None:
    text = impasto("collect", "--help").out
    assert "--max-page-bytes" in text
    assert "--help-all" not in text


def test_every_setting_is_an_option_and_the_other_way_round(impasto: Impasto) -> None:
    text = impasto("stylize", "--help-all").out
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    own = {"--output", "--force", "--show", "--quiet", "--animation", "--plot", "--recipe"}
    own |= {
        "--random",
        "--look-in",
        "--mask",
        "--where",
        "--plan",
        "--resume",
        "--help",
        "--help-all",
    }
    assert options - own == {flag(name) for name in FIELDS}


@pytest.mark.slow
def test_all_settings_are_listed_and_each_is_explained(impasto: Impasto) -> None:
    listed = impasto("settings").out
    for name, each in FIELDS.items():
        assert re.search(rf"^  {flag(name)}  ", listed, re.MULTILINE)
        text = impasto("settings", name.replace("_", "-")).out
        assert each.metadata["help"] in text
        assert f"  Python    {name}\n" in text
    seed = impasto("settings", "seed").out
    assert "at least 0" in seed
    assert "methods   optimize, fast+optimize, fast, magenta, adain, microast, wct\n" in seed
    assert "microast" not in impasto("settings", "style-loss").out
    unknown = impasto("settings", "sise")
    assert unknown.status == 2
    assert "did you mean 'size'" in unknown.only_line


def test_messages_speak_the_command_lines_language() -> None:
    assert in_flags("style_weights has 2 numbers") == "--style-weights has 2 numbers"
    assert in_flags("size must be at least 16") == "--size must be at least 16"
    assert in_flags("batch is an even number", {"batch", "fit"}) == "--batch is an even number"
    assert in_flags("the size of a picture") == "the size of a picture"


def test_version(impasto: Impasto) -> None:
    assert impasto("--version").out == f"impasto {package.__version__}\n"
