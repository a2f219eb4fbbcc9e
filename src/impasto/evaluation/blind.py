"""Blind A/B: a local page asks people which of two results is better, and answers become scores."""

import json
import random
import secrets
import sqlite3
import threading
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.batch.sheets import jpeg, thumbnail
from impasto.errors import ImageError
from impasto.evaluation.report import LOOKED_AT, RESULTS
from impasto.local_page import LocalHandler, LocalPage

Floats = NDArray[np.float64]
HOST, DATABASE = "127.0.0.1", "answers.sqlite"
#: What may be answered, and how much of a win for the left side that is.
ANSWERS = {"left": 1.0, "right": 0.0, "equal": 0.5}
#: Results are known by their files, whose names depend on what they were made with: another
#: comparison in the same folder has the same pairs and methods, but other pictures.
_TABLE = """create table if not exists votes (
  at text default current_timestamp, left text, right text,
  answer text check (answer in ('left', 'right', 'equal')))"""
_DEVIATIONS = 1.959964  # of a normal distribution, for intervals of 95 %
_ROUNDS, _SETTLED = 100, 1e-10
_OPEN = 64  # questions that may still be answered; earlier ones are forgotten


def bradley_terry(wins: Floats, prior: float = 0.5) -> tuple[Floats, Floats]:
    """Return the scores that make the answers likeliest, and the margins of their intervals.

    Bradley & Terry 1952, "Rank Analysis of Incomplete Block Designs": the chance that i is
    preferred to j is 1 / (1 + exp(s_j − s_i)). Scores (K,) have mean 0; a difference of 1 is
    preferred by 73 %. Margins (K,) are half of the 95 % confidence intervals, from Fisher's
    information; they are infinite where no games connect a contestant to more than half of all.

    Wins (K, K) are how often the row was preferred to the column, halves for "equal"; `prior` wins
    and losses against an average contestant are assumed in addition, so that one who never lost has
    a finite score. 0: none, as in the paper.
    """
    games, itself, score = wins + wins.T, np.eye(len(wins)), np.zeros(len(wins))
    for _ in range(_ROUNDS):
        chance, average = 1 / (1 + np.exp(score[None] - score[:, None])), 1 / (1 + np.exp(-score))
        weight = games * chance * (1 - chance)
        own = weight.sum(1) + 2 * prior * average * (1 - average)
        inverse = np.linalg.pinv(np.diag(own) - weight)
        expected = (games * chance).sum(1) + 2 * prior * average
        step = inverse @ (wins.sum(1) + prior - expected)
        # Newton's step, no longer than what the logistic curve bears.
        score = score + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < _SETTLED:
            break
    center = itself - 1 / len(wins)
    margin = _DEVIATIONS * np.sqrt(np.diag(center @ inverse @ center).clip(0))
    reached = np.linalg.matrix_power((games > 0) | itself.astype(bool), len(wins))
    return score - score.mean(), np.where(reached.sum(1) * 2 > len(wins), margin, np.inf)


class Question(NamedTuple):
    """Two results of one pair and what both were made from, as files in the comparison's folder."""

    photo: str
    style: str
    left: str
    right: str


class Answers:
    """The questions of a comparison (the seed is that of their order) and the answers so far.

    A folder without a comparison of two methods is an `ImageError`.
    """

    def __init__(self, folder: Path, seed: int | None = None) -> None:
        try:
            said = json.loads((folder / RESULTS).read_text("utf-8"))
            self._methods = {each["path"]: each["method"] for each in said["results"]}
            self._questions = [
                Question(pair["photo"], pair["style"], first["path"], second["path"])
                for first, second in combinations(said["results"], 2)
                if first["pair"] == second["pair"]
                for pair in [said["pairs"][first["pair"]]]
            ]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ImageError(
                f"{folder} is no comparison: name a folder that impasto compare made"
            ) from error
        if not self._questions:
            raise ImageError(f"there is one method in {folder}: compare two at least")
        self.folder = folder
        self._random, self._lock = random.Random(seed), threading.Lock()
        self._base = sqlite3.connect(folder / DATABASE, check_same_thread=False)
        with self._base:
            self._base.execute(_TABLE)

    def question(self) -> Question:
        """Return one of those that were asked least, with random sides."""
        asked = Counter(frozenset(sides) for *sides, _ in self._rows())
        times = [asked[frozenset(each[2:])] for each in self._questions]
        fewest = min(times)
        least = [each for each, n in zip(self._questions, times, strict=True) if n == fewest]
        photo, style, *sides = self._random.choice(least)
        self._random.shuffle(sides)
        return Question(photo, style, *sides)

    def add(self, question: Question, answer: str) -> int:
        """Note an answer, and return how many there are."""
        with self._lock, self._base:
            insert = "insert into votes (left, right, answer) values (?, ?, ?)"
            self._base.execute(insert, (question.left, question.right, answer))
        return len(self._rows())

    def _rows(self) -> list[tuple[str, str, str]]:
        """Return the answers about results that are still in the comparison."""
        with self._lock:
            rows = self._base.execute("select left, right, answer from votes").fetchall()
        return [row for row in rows if row[0] in self._methods and row[1] in self._methods]

    def lines(self) -> list[str]:
        """Return the scores as lines of a table, the best first."""
        rows, methods = self._rows(), list(dict.fromkeys(self._methods.values()))
        wins = np.zeros((len(methods), len(methods)))
        for *sides, answer in rows:
            left, right = (methods.index(self._methods[side]) for side in sides)
            wins[left, right] += ANSWERS[answer]
            wins[right, left] += 1 - ANSWERS[answer]
        (scores, margins), games = bradley_terry(wins), (wins + wins.T).sum(1)
        lines = [f"{len(rows)} answers{'score':>27}{'95 %':>18}{'preferred':>12}{'of':>6}"]
        for n in np.argsort(-scores):
            between = f"{scores[n] - margins[n]:+.2f} … {scores[n] + margins[n]:+.2f}"
            share = f"{wins[n].sum():12g}{games[n]:6g}"
            lines.append(f"{methods[n]:24}{scores[n]:+12.2f}{between:>18}{share}")
        return lines

    def close(self) -> None:
        """Close the database."""
        self._base.close()


class JudgingPage(LocalPage):
    """Serves questions and takes answers, on this machine only; port 0 is any free one."""

    def __init__(self, answers: Answers, port: int = 0) -> None:
        self._answers = answers
        self._open: dict[str, Question] = {}
        self._lock = threading.Lock()
        super().__init__(HOST, port, _Handler)

    def ask(self) -> str:
        """Return the name of a new question, which says nothing about it."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._open[name] = self._answers.question()
            for oldest in list(self._open)[:-_OPEN]:
                del self._open[oldest]
        return name

    def picture(self, question: str, role: str) -> bytes | None:
        """Return a picture as large as the photo, with nothing in it that says who made it."""
        asked = self._open.get(question)
        if asked is None or role not in Question._fields:
            return None
        files = (self._answers.folder / getattr(asked, each) for each in (role, "photo"))
        small, photo = (thumbnail(each, LOOKED_AT) for each in files)
        if small is None or photo is None:
            return None
        if role in ANSWERS:
            small = small.resize(photo.size, Image.Resampling.LANCZOS)
        return jpeg(small, 92)

    def answer(self, question: str, answer: str) -> bytes | None:
        """Take an answer, once; return how many there are, None if that was not asked."""
        with self._lock:
            asked = self._open.pop(question, None)
        if asked is None:
            return None
        return json.dumps({"answers": self._answers.add(asked, answer)}).encode()


class _Handler(LocalHandler):
    page: JudgingPage

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        if not self.is_ours():
            self.send_error(403)
        elif self.path == "/":
            self.send_page(Path(__file__).with_name("judge.html"))
        elif self.path == "/question":
            self.send(json.dumps({"name": self.page.ask()}).encode(), "application/json")
        else:
            question, _, role = self.path[1:].partition("/")
            self.send(self.page.picture(question, role), "image/jpeg")

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        """Take an answer: /QUESTION/left, right or equal."""
        question, _, answer = self.path[1:].partition("/")
        if self.may_act("judge") and answer in ANSWERS:
            self.send(self.page.answer(question, answer), "application/json")
        else:
            self.send_error(403)
