import re
import subprocess
import sys

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
    "pooch",
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


def test_every_setting_is_an_option_and_the_other_way_round(impasto: Impasto) -> None:
    text = impasto("stylize", "--help").out
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    own = {"--output", "--force", "--show", "--quiet", "--animation", "--plot", "--recipe"}
    own |= {"--random", "--look-in", "--mask", "--plan", "--resume", "--help"}
    assert {flag(name) for name in FIELDS} <= options
    mentioned_only = {"--seed"}
    assert options - own - mentioned_only == {flag(name) for name in FIELDS} - mentioned_only


def test_messages_speak_the_command_lines_language() -> None:
    assert in_flags("style_weights has 2 numbers") == "--style-weights has 2 numbers"
    assert in_flags("size must be at least 16") == "--size must be at least 16"
    assert in_flags("the size of a picture") == "the size of a picture"


def test_version(impasto: Impasto) -> None:
    assert impasto("--version").out == f"impasto {package.__version__}\n"
