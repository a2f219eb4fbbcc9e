"""What people answered, and the scores of it: a small database in the folder of a comparison."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from impasto.errors import ImageError
from impasto.lab.report import RESULTS
from impasto.metrics.preferences import bradley_terry

DATABASE = "answers.sqlite"
#: What may be answered.
ANSWERS = ("left", "right", "equal")
_TABLE = """create table if not exists answers (
  at text default current_timestamp, pair integer, left text, right text,
  answer text check (answer in ('left', 'right', 'equal')))"""


class Question(NamedTuple):
    """Two results of one pair, and what both were made from.

    Attributes:
        pair: Its number.
        left: Name of the method on the left.
        right: On the right.
        paths: Photograph, style, left and right result.
    """

    pair: int
    left: str
    right: str
    paths: tuple[Path, Path, Path, Path]


class Answers:
    """The questions of a comparison and the answers so far.

    Args:
        folder: Of the comparison.
        seed: Of the order of the questions; None: another one each time.

    Raises:
        ImageError: There is no comparison of two methods in the folder.
    """

    def __init__(self, folder: Path, seed: int | None = None) -> None:
        try:
            said = json.loads((folder / RESULTS).read_text("utf-8"))
            self._pairs = [
                (folder / each["photo"], folder / each["style"]) for each in said["pairs"]
            ]
            self._results = {(r["pair"], r["method"]): folder / r["path"] for r in said["results"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ImageError(
                f"{folder} is no comparison: name a folder that impasto compare made"
            ) from error
        self.methods = list(dict.fromkeys(method for _, method in self._results))
        if len(self.methods) < 2:
            raise ImageError(f"there is one method in {folder}: compare two at least")
        self._random, self._lock = random.Random(seed), threading.Lock()
        self._base = sqlite3.connect(folder / DATABASE, check_same_thread=False)
        with self._base:
            self._base.execute(_TABLE)

    def question(self) -> Question:
        """Return one of those that were asked least, its sides by chance."""
        asked = self._asked()
        open_ones = [
            (pair, first, second)
            for pair in range(len(self._pairs))
            for first, second in combinations(self.methods, 2)
            if (pair, first) in self._results and (pair, second) in self._results
        ]
        least = min(asked.get(each, 0) for each in open_ones)
        pair, *sides = self._random.choice([q for q in open_ones if asked.get(q, 0) == least])
        self._random.shuffle(sides)
        left, right = sides
        results = self._results[pair, left], self._results[pair, right]
        return Question(pair, left, right, (*self._pairs[pair], *results))

    def _asked(self) -> dict[tuple[int, str, str], int]:
        order = {name: number for number, name in enumerate(self.methods)}
        found: dict[tuple[int, str, str], int] = {}
        for pair, left, right, _ in self._rows():
            first, second = sorted((left, right), key=order.__getitem__)
            found[pair, first, second] = found.get((pair, first, second), 0) + 1
        return found

    def add(self, question: Question, answer: str) -> int:
        """Note an answer, and return how many there are."""
        with self._lock, self._base:
            row = (question.pair, question.left, question.right, answer)
            insert = "insert into answers (pair, left, right, answer) values (?, ?, ?, ?)"
            self._base.execute(insert, row)
        return len(self._rows())

    def _rows(self) -> list[tuple[int, str, str, str]]:
        """Return the answers about methods that are still in the comparison."""
        with self._lock:
            rows = self._base.execute("select pair, left, right, answer from answers").fetchall()
        return [row for row in rows if row[1] in self.methods and row[2] in self.methods]

    def lines(self) -> list[str]:
        """Return the scores as lines of a table, the best first."""
        rows, number = self._rows(), {name: n for n, name in enumerate(self.methods)}
        wins = np.zeros((len(number), len(number)))
        for _, left, right, answer in rows:
            won = {"left": 1.0, "right": 0.0, "equal": 0.5}[answer]
            wins[number[left], number[right]] += won
            wins[number[right], number[left]] += 1 - won
        scores = bradley_terry(wins)
        games = (wins + wins.T).sum(1)
        lines = [f"{len(rows)} answers{'score':>27}{'95 %':>18}{'preferred':>12}{'of':>6}"]
        for n in np.argsort(-scores.score):
            low, high = scores.score[n] - scores.margin[n], scores.score[n] + scores.margin[n]
            share = f"{wins[n].sum():12g}{games[n]:6g}"
            between = f"{low:+.2f} … {high:+.2f}"
            lines.append(f"{self.methods[n]:24}{scores.score[n]:+12.2f}{between:>18}{share}")
        return lines

    def close(self) -> None:
        """Close the database."""
        self._base.close()
