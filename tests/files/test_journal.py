"""Journals: what was added is there for the next run, whatever happened in between."""

import threading
from pathlib import Path

from impasto.files import Journal, parse_lines


def test_a_new_journal_is_empty_and_makes_no_file(tmp_path: Path) -> None:
    assert list(Journal(tmp_path / "a.jsonl").entries()) == []
    assert list(tmp_path.iterdir()) == []


def test_entries_survive_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    Journal(path).add(name="a", inputs="1")
    with path.open("a") as file:
        file.write('\n{"name": "torn')
    Journal(path).add(name="b", inputs="2")
    Journal(path).add(key="other")
    journal = Journal(path)
    assert [entry["name"] for entry in journal.entries("name", "inputs")] == ["a", "b"]
    assert len(list(journal.entries())) == 3


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.jsonl")

    def add(number: int) -> None:
        for step in range(50):
            journal.add(number=number, step=step)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(journal.entries("number", "step"))) == 200


def test_only_objects_are_entries() -> None:
    assert list(parse_lines('[1]\n"a"\n\n{"a": 1}\nnull\n{"a":')) == [{"a": 1}]
