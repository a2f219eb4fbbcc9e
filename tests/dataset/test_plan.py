"""What becomes of each file is a matter of its path and the seed."""

from collections import Counter

import pytest

from impasto.dataset.belonging import with_copies
from impasto.dataset.plan import DatasetOptions, Planner, split_of
from impasto.errors import ImageError, SettingsError

STYLES = [f"{number:064x}" for number in range(10)]
FILES = [
    *(f"train/a/{n}.jpg" for n in range(8)),
    *(f"train/b/{n}.jpg" for n in range(3)),
    *(f"val/a/{n}.jpg" for n in range(20)),
    "train/a/0.json",
    "notes.txt",
]


def test_it_does_not_hang_on_other_files() -> None:
    planner = Planner(DatasetOptions(strength=(0.2, 0.9)), STYLES)
    all_of_them = {task.source: task for task in planner.tasks(FILES)}
    some = {task.source: task for task in planner.tasks(FILES[3:7])}
    assert all(all_of_them[source] == task for source, task in some.items())
    strengths = [task.strength for task in all_of_them.values() if task.style is not None]
    assert 0.2 <= min(strengths) < 0.4 < 0.7 < max(strengths) <= 0.9
    other = Planner(DatasetOptions(seed=1), STYLES).tasks(FILES)
    assert [task.style for task in other] != [task.style for task in all_of_them.values()]


def test_copies_have_names_and_their_labels_follow() -> None:
    paths = {task.path for task in Planner(DatasetOptions(copies=3), STYLES).tasks(FILES)}
    assert {"train/a/0.jpg", "train/a/0-2.jpg", "train/a/0-3.jpg"} <= paths
    assert {"train/a/0.json", "train/a/0-2.json", "train/a/0-3.json", "notes.txt"} <= paths
    assert "notes-2.txt" not in paths


@pytest.mark.parametrize(
    ("label", "also"),
    [
        ("labels/x/1.txt", ()),
        ("masks/x/1.png", ("masks",)),
        ("y/masks/1.png", ("y/masks",)),
        ("Annotations/x/1.xml", ()),
        ("images/boxes/1.json", ()),
    ],
)
def test_labels_in_a_tree_of_their_own(label: str, also: tuple[str, ...]) -> None:
    files = ["images/x/1.jpg", label]
    tasks = Planner(DatasetOptions(copies=2, also=also), STYLES).tasks(files)
    stem, _, suffix = label.rpartition(".")
    assert {f"{stem}.{suffix}", f"{stem}-2.{suffix}"} <= {task.path for task in tasks}
    assert all(task.style is None for task in tasks if task.source == label)


def test_masks_with_names_of_their_own_stay_beside_their_pictures() -> None:
    files = ["images/a_b.jpg", "images/a_b_c.jpg", "masks/a_b_mask.png", "masks/a-x.png"]
    options = DatasetOptions(copies=2, also=("masks",))
    paths = {task.path for task in Planner(options, STYLES).tasks(files)}
    assert {path for path in paths if path.startswith("masks")} == {
        *("masks/a_b_mask.png", "masks/a_b-2_mask.png", "masks/a-x.png")
    }


def test_a_list_beside_pictures_of_its_own_is_one() -> None:
    files = ["cat/1.jpg", "dog/2.jpg", "dog/1.txt"]
    paths = {task.path for task in Planner(DatasetOptions(copies=2), STYLES).tasks(files)}
    assert "dog/1-2.txt" not in paths


@pytest.mark.parametrize(
    ("path", "split"),
    [
        *(("val/1.jpg", "val"), ("val", ""), ("x/val/1.jpg", ""), ("valid/1.jpg", "")),
        *(("val-01.tar", "val"), ("val-01.tar/1.jpg", "val"), ("valid-01.tar", "")),
        *(("val_x-1.tar", "val_x"), ("val7.tar", "val"), ("val/01.tar/1.jpg", "val")),
    ],
)
def test_splits_are_folders_or_beginnings_of_shards(path: str, split: str) -> None:
    assert split_of(path, ("val", "val_x")) == split


def test_balance_gives_all_classes_as_many() -> None:
    tasks = Planner(DatasetOptions(copies=2, balance=True), STYLES).tasks(FILES)
    painted = [task for task in tasks if task.style is not None]
    assert Counter(task.path.rpartition("/")[0] for task in painted) == {
        "train/a": 40,
        "train/b": 40,
        "val/a": 40,
    }
    assert len({task.path for task in tasks}) == len(tasks)


def test_no_style_leaks_from_split_to_split() -> None:
    options = DatasetOptions(copies=20, splits={"val": 0.2})
    tasks = Planner(options, STYLES).tasks(FILES)
    val, train = (
        {task.style for task in tasks if task.style is not None and task.path.startswith(top)}
        for top in ("val", "train")
    )
    assert len(val) == 2
    assert len(train) == 8
    assert not val & train


def test_splits_may_take_all_styles_between_them() -> None:
    # As floats, these sum to less than 1.
    splits = {"train": 0.7, "val": 0.2, "test": 0.1}
    tasks = Planner(DatasetOptions(splits=splits, copies=30), STYLES).tasks(
        ["train/a.jpg", "val/a.jpg", "test/a.jpg"]
    )
    assert len({task.style for task in tasks}) == 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"copies": 0},
        {"strength": (0.5, 0.2)},
        {"strength": (0, 2)},
        {"splits": {"val": 1.5}},
        {"quality": 0},
    ],
)
def test_options_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        DatasetOptions(**wrong)  # type: ignore[arg-type]


def test_what_cannot_be_planned() -> None:
    with pytest.raises(ImageError, match="too few for these splits"):
        Planner(DatasetOptions(splits={"val": 0.5}), STYLES[:1])
    with pytest.raises(ImageError, match="no files in mask of"):
        Planner(DatasetOptions(also=("mask",)), STYLES).tasks(FILES)
    with pytest.raises(ImageError, match="no files in vall of"):
        Planner(DatasetOptions(splits={"vall": 0.2}), STYLES).tasks(FILES)
    whole = DatasetOptions(splits={"train": 0.5, "val": 0.5})
    with pytest.raises(ImageError, match=r"no styles for x\.jpg"):
        Planner(whole, STYLES).tasks([*FILES, "x.jpg"])
    with pytest.raises(ImageError, match="no pictures"):
        Planner(DatasetOptions(), STYLES).tasks(["a.txt"])
    with pytest.raises(ImageError, match=r"called a-2\.jpg"):
        Planner(DatasetOptions(copies=2), STYLES).tasks(["a.jpg", "a-2.jpg"])


def test_lists_of_names_name_all_copies() -> None:
    copies = {"train/1.jpg": ["train/1.jpg", "train/1-2.jpg"]}
    made = with_copies(b"file_name,label\n1.jpg,cat\nother.jpg,dog\n", "train/metadata.csv", copies)
    assert made == b"file_name,label\n1.jpg,cat\n1-2.jpg,cat\nother.jpg,dog\n"
    lines = with_copies(b'{"file_name": "1.jpg", "n": 1}\n', "train/metadata.jsonl", copies)
    assert lines.count(b'"n": 1') == 2
    text = '{"file_name": "1.jpg", "n": "a\u2028b"}\n'.encode()
    assert with_copies(text, "train/metadata.jsonl", copies).count(b"\n") == 2
