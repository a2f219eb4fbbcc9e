"""People asked: questions without names, answers kept, scores."""

import io
import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from impasto.errors import ImageError, ImpastoError
from impasto.evaluation.blind import Answers, JudgingPage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A comparison of three methods on two pairs, each picture of one color."""
    folder = tmp_path / "compared"
    folder.mkdir()
    for name, color in (("photo", "gray"), ("style", "white")):
        Image.new("RGB", (64, 48), color).save(folder / f"{name}.png")
    pairs = [{"photo": "photo.png", "style": "style.png"}] * 2
    results = [{"method": m, "pair": p, "path": f"{m}{p}.png"} for p in (0, 1) for m in "abc"]
    for number, made in enumerate(results):
        color = ("red", "green", "blue")[number % 3]
        Image.new("RGB", (32, 24), color).save(folder / str(made["path"]))
    (folder / "comparison.json").write_text(json.dumps({"pairs": pairs, "results": results}))
    return folder


@pytest.fixture
def answers(folder: Path) -> Iterator[Answers]:
    opened = Answers(folder, seed=1)
    yield opened
    opened.close()


@pytest.fixture
def page(answers: Answers) -> Iterator[JudgingPage]:
    with closing(JudgingPage(answers)) as opened:
        yield opened


def fetched(address: str, post: bool = False, **headers: str) -> bytes:
    request = urllib.request.Request(address, b"" if post else None, headers)
    with urllib.request.urlopen(request, timeout=5) as reply:
        body: bytes = reply.read()
        return body


@pytest.mark.slow
def test_every_question_is_asked_as_often_and_sides_are_random(answers: Answers) -> None:
    asked: Counter[frozenset[str]] = Counter()
    lefts: Counter[str] = Counter()
    for number in range(60):
        question = answers.question()
        asked[frozenset((question.left, question.right))] += 1
        lefts[question.left[0]] += 1
        assert answers.add(question, "equal") == number + 1
    assert len(asked) == 6
    assert set(asked.values()) == {10}
    assert all(8 < count < 32 for count in lefts.values())


def test_answers_are_kept_and_scored(answers: Answers, folder: Path) -> None:
    for _ in range(30):
        question = answers.question()
        best = min(question.left, question.right)
        answers.add(question, "left" if question.left == best else "right")
    again = Answers(folder)
    lines = again.lines()
    again.close()
    assert lines[0].startswith("30 answers")
    assert [line.split()[0] for line in lines[1:]] == ["a", "b", "c"]
    assert [line.split()[-2:] for line in lines[1:]] == [["20", "20"], ["10", "20"], ["0", "20"]]


def test_answers_about_other_pictures_do_not_count(folder: Path) -> None:
    first = Answers(folder, seed=1)
    for _ in range(6):
        first.add(first.question(), "left")
    first.close()
    said = json.loads((folder / "comparison.json").read_text())
    said["results"][0]["path"] = "a of other settings.png"
    (folder / "comparison.json").write_text(json.dumps(said))
    again = Answers(folder, seed=1)
    assert again.lines()[0].startswith("4 answers")
    assert all("a of other settings.png" in again.question() for _ in range(9))
    again.close()


def test_a_folder_without_a_comparison(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ImageError, match="is no comparison"):
        Answers(tmp_path)
    said = json.loads((folder / "comparison.json").read_text())
    said["results"] = said["results"][::3]
    (folder / "comparison.json").write_text(json.dumps(said))
    with pytest.raises(ImageError, match="compare two at least"):
        Answers(folder)


def test_the_page_says_nothing_of_whose_results_they_are(
    page: JudgingPage, answers: Answers
) -> None:
    assert "Which is the better" in fetched(page.url).decode()
    name = json.loads(fetched(f"{page.url}question"))["name"]
    shown = {}
    for role in ("photo", "style", "left", "right"):
        with Image.open(io.BytesIO(fetched(f"{page.url}{name}/{role}"))) as image:
            assert not image.info.keys() & {"exif", "comment", "xmp"}
            shown[role] = (image.size, image.convert("RGB").getpixel((9, 9)))
    assert {size for size, _ in shown.values()} == {(64, 48)}  # sizes would tell methods apart
    assert len({color for _, color in shown.values()}) == 4
    address = f"{page.url}{name}/left"
    for wrong in ({}, {"X-Impasto": "judge", "Host": "evil.example"}):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(address, post=True, **wrong)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetched(f"{page.url}{name}/best", post=True, **{"X-Impasto": "judge"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetched(address, Host="evil.example:80")
    assert json.loads(fetched(address, post=True, **{"X-Impasto": "judge"})) == {"answers": 1}
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetched(address, post=True, **{"X-Impasto": "judge"})
    for nothing in (f"{name}/left", "../comparison.json", "unknown/photo", "favicon.ico"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetched(page.url + nothing)
    with pytest.raises(ImpastoError, match="choose another --port"):
        JudgingPage(answers, int(page.url.rsplit(":", 1)[1].rstrip("/")))


@pytest.mark.slow
def test_keys_answer_in_a_browser(page: JudgingPage, answers: Answers, browser: Browser) -> None:
    tab = browser.new_page()
    tab.goto(page.url)
    for number, key in enumerate(("ArrowLeft", "ArrowRight", "ArrowDown", " "), 1):
        tab.wait_for_function("!sending")
        tab.keyboard.press(key)
        tab.wait_for_function(f"count.textContent.includes('{number} answers')")
    tab.wait_for_function("!sending")
    tab.click("#right")
    tab.wait_for_function("count.textContent.includes('5 answers')")
    tab.close()
    assert answers.lines()[0].startswith("5 answers")
