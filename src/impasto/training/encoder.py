"""Distill VGG-19 into the pocket encoder (Hinton et al. 2015).

    python -m impasto.training.encoder --photos FOLDER --paintings FOLDER --teacher FILE

needs only torch, numpy, pillow and safetensors, runs on CPU and CUDA, and resumes when it is
started again with the same output folder. `impasto train encoder` is the same.

A batch is, in turn, photographs and paintings that were cropped, blended, recolored and disturbed;
or half-stylized pictures with their styles. All of them teach features and Gram matrices, the
latter also the direction of the pixel gradient.
"""

import math
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import SettingsError
from impasto.networks.pocket import SAMPLED_LAYERS, SUBSAMPLE_PHASES, PocketShape
from impasto.networks.vgg import VGG19
from impasto.training.crops import batch, split_folder
from impasto.training.distillation_losses import cosine_distance, feature_losses, style_gradient
from impasto.training.loop import run_as_program
from impasto.training.muon import Muon
from impasto.training.options import EncoderOptions
from impasto.training.pool import Pool
from impasto.training.rng import Rng
from impasto.training.student import Student
from impasto.training.trainer import TEACHER_LAYERS, Trainer
from impasto.training.vgg_loss import relative_error
from impasto.weights import load_pocket

#: Of biases and gains; with batch normalization they take large steps.
_ADAM_RATE = 0.02
_WARM_UP = 40
_ROUNDS = 4  # batches of held-out pictures that are measured


class EncoderTrainer(Trainer[EncoderOptions]):
    """Teacher, student, optimizers and pool, one step after the other."""

    product, architecture = "pocket.safetensors", "pocket"
    report_every = 100

    def __init__(self, options: EncoderOptions) -> None:
        super().__init__(options)
        self.teacher = self.load_teacher(VGG19)
        self.student = self.modules = Student(_shape(options), options.seed).to(self.device)
        self.muon = Muon(self.student.kernels.parameters(), options.rate)
        self.adam = torch.optim.Adam(self.student.norms.parameters(), _ADAM_RATE, (0.9, 0.99))
        self.photos, self.held_photos = split_folder(Path(options.photos), self.device)
        self.paintings, self.held_paintings = split_folder(Path(options.paintings), self.device)
        self.pool = pool = Pool(self.photos, self.paintings, options.pool, options.crop)
        self.state = {f"pool.{n}": getattr(pool, n) for n in ("pictures", "styles", "left")}
        self._prepare()

    @torch.no_grad()
    def _prepare(self) -> None:
        """Fix the input's whitening and what the teacher's features are divided by: their RMS."""
        images = torch.cat([self._held(number) for number in range(_ROUNDS)])
        self.student.whiten(images)
        features = self.teacher(images, TEACHER_LAYERS)
        scales = [features[name].float().square().mean().sqrt() for name in TEACHER_LAYERS]
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
        o, rng = self.options, Rng(2**32 + number, 0, self.device)
        return batch(self.held_photos, self.held_paintings, o.batch, o.crop, rng)

    def advance(self) -> dict[str, Tensor]:
        """Take one step; its losses are `features`, `grams` and, if it was taught, `gradient`."""
        self._schedule()
        o, rng = self.options, Rng(self.options.seed, self.step, self.device)
        teaches_gradients = self.step % o.every == o.every - 1
        losses = self._gradient_losses(rng) if teaches_gradients else self._plain_losses(rng)
        total = losses["features"] + o.gram * losses["grams"]
        if "gradient" in losses:
            total = total + o.agreement * losses["gradient"]
        self.learn(total)
        return {name: value.detach() for name, value in losses.items()}

    def _schedule(self) -> None:
        """Set the learning rates, and fix the normalization near the end."""
        o, part = self.options, self.progress()
        share = min(1, (self.step + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * part))
        self.muon.param_groups[0]["lr"] = o.rate * share
        self.adam.param_groups[0]["lr"] = _ADAM_RATE * share
        self.student.train(part < 1 - o.frozen)

    def _plain_losses(self, rng: Rng) -> dict[str, Tensor]:
        o = self.options
        images = batch(self.photos, self.paintings, o.batch, o.crop, rng)
        phase = rng.integer(SUBSAMPLE_PHASES)
        with torch.no_grad():
            teacher = self._teacher_features(images, phase)
        return feature_losses(self._student_features(images, phase), teacher)

    def _gradient_losses(self, rng: Rng) -> dict[str, Tensor]:
        count = self.options.batch // 2
        places, pictures, styles = self.pool.draw(count, rng)
        pictures.requires_grad_()
        images, phase = torch.cat([pictures, styles]), rng.integer(SUBSAMPLE_PHASES)
        teacher = self._teacher_features(images, phase)
        wanted = style_gradient(teacher, pictures, keep=False)
        student = self._student_features(images, phase)
        found = style_gradient(student, pictures, keep=True)
        followed = wanted if rng.bernoulli(0.5) else found.detach()
        self.pool.advance(places, followed, rng.uniform(0.005, 0.03))
        losses = feature_losses(student, {name: f.detach() for name, f in teacher.items()})
        return {**losses, "gradient": cosine_distance(found, wanted).mean()}

    def _teacher_features(self, images: Tensor, phase: int) -> dict[str, Tensor]:
        """Return the teacher's features, scaled and subsampled as the student's are."""
        features = self.teacher(images, TEACHER_LAYERS)
        for name in SAMPLED_LAYERS:
            features[name] = features[name][..., phase // 2 :: 2, phase % 2 :: 2]
        scales = zip(TEACHER_LAYERS, self.student.scales, strict=True)
        return {name: features[name].float() / scale for name, scale in scales}

    def _student_features(self, images: Tensor, phase: int) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            features: dict[str, Tensor] = self.student(images, TEACHER_LAYERS, phase)
        return features

    def measure(self) -> dict[str, float]:
        """Return the errors on pictures that were held out, with fixed normalization."""
        training = self.student.training
        self.student.eval()
        found: dict[str, float] = {}
        for number in range(_ROUNDS):
            for name, value in self._measured(self._held(number)).items():
                found[name] = found.get(name, 0) + float(value.detach()) / _ROUNDS
        self.student.train(training)
        return found

    def _measured(self, images: Tensor) -> dict[str, Tensor]:
        half = len(images) // 2
        pictures, styles = images[1::2].clone(), images[::2][:half]
        pictures.requires_grad_()
        both = torch.cat([pictures, styles])
        teacher, student = self._teacher_features(both, 0), self._student_features(both, 0)
        wanted = style_gradient(teacher, pictures, keep=False)
        found = style_gradient(student, pictures, keep=False)
        errors = {n: relative_error(student[n], teacher[n]).mean() for n in TEACHER_LAYERS}
        cosine = 1 - cosine_distance(found, wanted).mean()
        return {"cosine": cosine, **errors, "grams": feature_losses(student, teacher)["grams"]}

    def result(self) -> dict[str, Tensor]:
        """Return kernels and biases as `Pocket` reads them."""
        return self.student.folded()


def _shape(options: EncoderOptions) -> PocketShape:
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


if __name__ == "__main__":
    run_as_program(EncoderTrainer, EncoderOptions, __doc__)
