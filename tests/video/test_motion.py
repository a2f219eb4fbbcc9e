"""What moves from frame to frame."""

import cv2
import numpy as np
import skimage.data

from impasto.flow import MotionFinder

PHOTO = cv2.resize(skimage.data.coffee(), (450, 300))


def tangled() -> list[np.ndarray]:
    """Two frames between which neighboring strips of a photograph move apart quickly."""
    moved = PHOTO.copy()
    for number, top in enumerate(range(0, 300, 20)):
        moved[top : top + 20] = np.roll(PHOTO[top : top + 20], 9 if number % 2 else -9, axis=1)
    return [PHOTO, moved]


def trust(frames: list[np.ndarray], *, patient: bool) -> np.ndarray:
    finder = MotionFinder(patient=patient)
    finder(frames[0])
    return finder(frames[1])[1].trust


def test_motion_that_is_hard_to_follow_is_looked_at_more_closely() -> None:
    frames = tangled()
    hasty, patient = (trust(frames, patient=each) for each in (False, True))
    assert hasty.mean() < 0.88
    assert patient.mean() > hasty.mean() + 0.02


def test_easy_motion_is_not() -> None:
    frames = [PHOTO, np.roll(PHOTO, 2, axis=1)]
    hasty, patient = (trust(frames, patient=each) for each in (False, True))
    np.testing.assert_array_equal(hasty, patient)


def test_a_closer_look_at_noise_is_not_taken() -> None:
    random = np.random.default_rng(0)
    frames = [(PHOTO + random.normal(0, 25, PHOTO.shape)).clip(0, 255) for _ in range(2)]
    noisy = [each.astype(np.uint8) for each in frames]
    hasty, patient = (trust(noisy, patient=each) for each in (False, True))
    assert patient.mean() >= hasty.mean()


def test_a_cut_begins_a_shot() -> None:
    finder = MotionFinder((1, 2))
    other = cv2.resize(skimage.data.astronaut(), (450, 300))
    assert [sorted(finder(each)) for each in (PHOTO, PHOTO, PHOTO, other, other)] == [
        [],
        [1],
        [1, 2],
        [],
        [1],
    ]
