"""What people answered, and the scores from it: a small database in the folder of a comparison."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from impasto.errors import ImageError
from impasto.evaluation.preferences import bradley_terry
from impasto.evaluation.report import RESULTS

DATABASE = "answers.sqlite"
#: What may be answered, and how much of a win for the left side that is.
ANSWERS = {"left": 1.0, "right": 0.0, "equal": 0.5}
#: Results are known by their files, whose names depend on what they were made with: another
#: comparison in the same folder has the same pairs and methods, but other pictures.
_TABLE = """create table if not exists votes (
  at text default current_timestamp, left text, right text,
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
            self._results = {(r["pair"], r["method"]): r["path"] for r in said["results"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ImageError(
                f"{folder} is no comparison: name a folder that impasto compare made"
            ) from error
        self._folder = folder
        self._methods = {path: method for (_, method), path in self._results.items()}
        self.methods = list(dict.fromkeys(method for _, method in self._results))
        if len(self.methods) < 2:
            raise ImageError(f"there is one method in {folder}: compare two at least")
        self._random, self._lock = random.Random(seed), threading.Lock()
        self._base = sqlite3.connect(folder / DATABASE, check_same_thread=False)
        with self._base:
            self._base.execute(_TABLE)

    def question(self) -> Question:
        """Return one of those that were asked least, with random sides."""
        asked = Counter(frozenset((left, right)) for left, right, _ in self._rows())
        times = {
            (pair, first, second): asked[
                frozenset((self._results[pair, first], self._results[pair, second]))
            ]
            for pair in range(len(self._pairs))
            for first, second in combinations(self.methods, 2)
            if (pair, first) in self._results and (pair, second) in self._results
        }
        least = min(times.values())
        pair, *sides = self._random.choice([each for each in times if times[each] == least])
        self._random.shuffle(sides)
        left, right = sides
        made = [self._folder / self._results[pair, side] for side in sides]
        return Question(pair, left, right, (*self._pairs[pair], made[0], made[1]))

    def add(self, question: Question, answer: str) -> int:
        """Note an answer, and return how many there are."""
        sides = (self._results[question.pair, side] for side in (question.left, question.right))
        with self._lock, self._base:
            insert = "insert into votes (left, right, answer) values (?, ?, ?)"
            self._base.execute(insert, (*sides, answer))
        return len(self._rows())

    def _rows(self) -> list[tuple[str, str, str]]:
        """Return the answers about results that are still in the comparison."""
        with self._lock:
            rows = self._base.execute("select left, right, answer from votes").fetchall()
        return [row for row in rows if row[0] in self._methods and row[1] in self._methods]

    def lines(self) -> list[str]:
        """Return the scores as lines of a table, the best first."""
        rows, number = self._rows(), {name: n for n, name in enumerate(self.methods)}
        wins = np.zeros((len(number), len(number)))
        for *sides, answer in rows:
            left, right = (number[self._methods[side]] for side in sides)
            wins[left, right] += ANSWERS[answer]
            wins[right, left] += 1 - ANSWERS[answer]
        scores, games = bradley_terry(wins), (wins + wins.T).sum(1)
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
