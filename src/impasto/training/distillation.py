"""Teacher and student: the steps of a distillation (Hinton et al. 2015)."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import SettingsError
from impasto.networks.pocket import PHASES, SAMPLED_LAYERS, PocketShape
from impasto.networks.vgg import VGG19
from impasto.training.checkpoints import Checkpoint
from impasto.training.crops import Dice, batch, held_out, load_folder
from impasto.training.learner import TAUGHT, Learner, load_teacher
from impasto.training.lessons import disagreement, feature_error, gram_distance, style_gradient
from impasto.training.muon import Muon
from impasto.training.options import EncoderOptions
from impasto.training.pool import Pool
from impasto.training.student import Student
from impasto.weights import load_pocket

#: Of biases and gains; with batch normalization they take large steps.
ADAM_RATE = 0.02
_WARM_UP = 40


class Distillation(Learner[EncoderOptions]):
    """Teacher, student, optimizer and pool, one step after the other.

    Args:
        options: Everything it depends on.
        teacher: VGG-19; one that is already read.
    """

    def __init__(self, options: EncoderOptions, teacher: VGG19 | None = None) -> None:
        super().__init__(options)
        self.teacher = teacher or load_teacher(options.teacher, self.device, self.fast)
        self.student = self.modules = Student(shape_of(options), options.seed).to(self.device)
        self.muon = Muon(self.student.kernels.parameters(), options.rate)
        self.adam = torch.optim.Adam(self.student.norms.parameters(), ADAM_RATE, (0.9, 0.99))
        self.pool = Pool(options.pool, options.crop, self.device)
        self.losses: Sequence[str] = ("features", "grams", "gradient")
        self.photos, self.held_photos = held_out(load_folder(Path(options.photos), self.device))
        self.paintings, self.held_paintings = held_out(
            load_folder(Path(options.paintings), self.device)
        )
        self._prepare()

    @torch.no_grad()
    def _prepare(self) -> None:
        """Fix the input's whitening and what the teacher's features are divided by: their RMS."""
        images = torch.cat([self._held(number) for number in range(4)])
        self.student.whiten(images)
        features = self.teacher(images, TAUGHT)
        scales = [features[name].float().square().mean().sqrt() for name in TAUGHT]
        self.student.scales.copy_(torch.stack(scales))

    def begin(self) -> None:
        """Take over a trained file, if the options name one.

        Raises:
            SettingsError: It has other widths or depths.
        """
        if self.options.begin:
            begun = load_pocket(self.options.begin)
            self.student.unfold({name: torch.from_numpy(a) for name, a in begun.items()})

    def _held(self, number: int) -> Tensor:
        dice = Dice(2**32 + number, 0, self.device)
        o = self.options
        return batch(self.held_photos, self.held_paintings, o.batch, o.crop, dice)

    def advance(self) -> dict[str, Tensor]:
        """Take one step.

        Returns:
            Its losses: `features`, `grams` and, if it was taught, `gradient`; tensors (), so that
            nobody waits for the device.
        """
        self._schedule()
        dice = Dice(self.options.seed, self.step, self.device)
        teaches_gradients = self.step % self.options.every == self.options.every - 1
        losses = self._gradient_losses(dice) if teaches_gradients else self._plain_losses(dice)
        o = self.options
        total = losses["features"] + o.gram * losses["grams"]
        if "gradient" in losses:
            total = total + o.agreement * losses["gradient"]
        self.learn(total)
        return {name: value.detach() for name, value in losses.items()}

    def _schedule(self) -> None:
        """Set the learning rates, and fix the normalization near the end."""
        o = self.options
        part = self.step / o.steps
        share = min(1, (self.step + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * part))
        self.muon.param_groups[0]["lr"] = o.rate * share
        self.adam.param_groups[0]["lr"] = ADAM_RATE * share
        self.student.train(part < 1 - o.frozen)

    def _plain_losses(self, dice: Dice) -> dict[str, Tensor]:
        o = self.options
        images = batch(self.photos, self.paintings, o.batch, o.crop, dice)
        phase = dice.below(PHASES)
        with torch.no_grad():
            teacher = self._taught(images, phase)
        return _errors(self._learned(images, phase), teacher)

    def _gradient_losses(self, dice: Dice) -> dict[str, Tensor]:
        count = self.options.batch // 2
        places, pictures, styles = self.pool.draw(count, self.photos, self.paintings, dice)
        pictures.requires_grad_()
        images, phase = torch.cat([pictures, styles]), dice.below(PHASES)
        teacher = self._taught(images, phase)
        wanted = style_gradient(*_parted(teacher, count), pictures, keep=False)
        student = self._learned(images, phase)
        found = style_gradient(*_parted(student, count), pictures, keep=True)
        followed = wanted if dice.chance(0.5) else found.detach()
        self.pool.advance(places, followed, dice.between(0.005, 0.03))
        losses = _errors(student, {name: f.detach() for name, f in teacher.items()})
        return {**losses, "gradient": disagreement(found, wanted).mean()}

    def _taught(self, images: Tensor, phase: int) -> dict[str, Tensor]:
        """Return the teacher's features, scaled and thinned as the student's are."""
        features = self.teacher(images, TAUGHT)
        scales = dict(zip(TAUGHT, self.student.scales, strict=True))
        for name in SAMPLED_LAYERS:
            features[name] = features[name][..., phase // 2 :: 2, phase % 2 :: 2]
        return {name: f.float() / scales[name] for name, f in features.items()}

    def _learned(self, images: Tensor, phase: int) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            features: dict[str, Tensor] = self.student(images, TAUGHT, phase)
        return features

    def measure(self) -> dict[str, float]:
        """Return the errors on pictures that were held out, with fixed normalization."""
        training = self.student.training
        self.student.eval()
        found: dict[str, float] = {}
        rounds = 4
        for number in range(rounds):
            images = self._held(number)
            half = len(images) // 2
            pictures, styles = images[1::2].clone(), images[::2][:half]
            pictures.requires_grad_()
            both = torch.cat([pictures, styles])
            teacher, student = self._taught(both, 0), self._learned(both, 0)
            wanted = style_gradient(*_parted(teacher, half), pictures, keep=False)
            got = style_gradient(*_parted(student, half), pictures, keep=False)
            values = {"cosine": 1 - disagreement(got, wanted).mean()}
            for name in TAUGHT:
                values[name] = feature_error(student[name], teacher[name]).mean()
            values["grams"] = _errors(student, teacher)["grams"]
            for name, value in values.items():
                found[name] = found.get(name, 0) + float(value.detach()) / rounds
        self.student.train(training)
        return found

    def checkpoint(self) -> Checkpoint:
        """Return the whole state."""
        state = super().checkpoint()
        pool = {
            "pool.pictures": self.pool.pictures,
            "pool.styles": self.pool.styles,
            "pool.left": self.pool.left,
        }
        return replace(state, tensors=state.tensors | pool)

    def result(self) -> tuple[dict[str, Tensor], str]:
        """Return kernels and biases as `Pocket` reads them."""
        return self.student.folded(), "pocket"

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            SettingsError: It is of a training with other options.
        """
        super().restore(checkpoint)
        pool = checkpoint.part("pool")
        self.pool.pictures.copy_(pool["pictures"])
        self.pool.styles.copy_(pool["styles"])
        self.pool.left.copy_(pool["left"])


def shape_of(options: EncoderOptions) -> PocketShape:
    """Return widths and depths as numbers.

    Raises:
        SettingsError: They are none, or not five and four.
    """
    try:
        a, b, c, d, e = map(int, options.widths.split(","))
        f, g, h, i = map(int, options.depths.split(","))
    except ValueError as error:
        raise SettingsError(
            "widths are five whole numbers (24,48,96,128,192) and depths four (1,1,1,1)"
        ) from error
    if min(a, b, c, d, e, f, g, h, i) < 1:
        raise SettingsError("widths and depths are at least 1")
    return PocketShape((a, b, c, d, e), (f, g, h, i))


def _errors(student: dict[str, Tensor], teacher: dict[str, Tensor]) -> dict[str, Tensor]:
    features = [feature_error(student[name], teacher[name]).mean() for name in TAUGHT]
    grams = [gram_distance(student[name], teacher[name]).mean() for name in TAUGHT]
    return {"features": torch.stack(features).sum(), "grams": torch.stack(grams).sum()}


def _parted(features: dict[str, Tensor], count: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    first = {name: f[:count] for name, f in features.items()}
    return first, {name: f[count:] for name, f in features.items()}
