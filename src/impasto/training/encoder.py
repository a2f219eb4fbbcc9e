"""Distill VGG-19 into the pocket encoder (Hinton et al. 2015).

    python -m impasto.training.encoder --photos FOLDER --paintings FOLDER --teacher FILE

`impasto train encoder` is the same. A batch is, in turn, photographs and paintings that were
cropped, blended, recolored and disturbed; or half-stylized pictures with their styles. All of them
teach features and Gram matrices, the latter also the direction of the pixel gradient.
"""

import math
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import SettingsError
from impasto.networks.pocket import SAMPLED_LAYERS, SUBSAMPLE_PHASES, TAIL_CONVOLUTIONS, PocketShape
from impasto.networks.vgg import VGG19
from impasto.training.crops import Pictures, Rng, batch, crop, disturbed, split_folder
from impasto.training.loop import run_as_program
from impasto.training.losses import cosine_distance, feature_losses, relative_error, style_gradient
from impasto.training.low_rank import fit_tail
from impasto.training.options import EncoderOptions
from impasto.training.student import STUDENT_LAYERS, Student
from impasto.training.trainer import TEACHER_LAYERS, Muon, Trainer
from impasto.weights import load_pocket

#: Of Muon's rate, for biases and gains; with batch normalization they take large steps.
_ADAM_PART = 0.1
_WARM_UP = 40
_ROUNDS = 4  # batches of held-out pictures that are measured
_MOST_STEPS = 40  # that a picture is optimized for before another takes its place


class EncoderTrainer(Trainer[EncoderOptions]):
    """Teacher, student, optimizers and pool, one step after the other."""

    product, architecture = "pocket.safetensors", "pocket"
    report_every = 100

    def __init__(self, options: EncoderOptions) -> None:
        super().__init__(options)
        self.teacher = self.load_teacher(VGG19)
        self.student = self.modules = Student(_shape(options), options.seed).to(self.device)
        self.muon = Muon(self.student.kernels.parameters(), options.rate)
        self.adam = torch.optim.Adam(self.student.norms.parameters(), betas=(0.9, 0.99))
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
        features = self.teacher(images, STUDENT_LAYERS)
        scales = [features[name].float().square().mean().sqrt() for name in STUDENT_LAYERS]
        self.student.scales.copy_(torch.stack(scales))

    def begin(self) -> None:
        """Take over a trained file of these widths and ranks, if the options name one."""
        if not self.options.begin:
            return
        begun = load_pocket(self.options.begin)
        parameters = {name: torch.from_numpy(array) for name, array in begun.items()}
        if self.options.fit:
            self.student.unfold(parameters, trunk_only=True)
            parameters |= self._fitted()
        self.student.unfold(parameters)

    @torch.no_grad()
    def _fitted(self) -> dict[str, Tensor]:
        """Return a tail that is fitted to the teacher on top of the student's trunk."""
        o, student = self.options, self.student.eval()
        found, wanted = [], []
        for number in range(math.ceil(o.fit / o.batch)):
            rng = Rng(o.seed + 2**33, number, self.device)
            images = batch(self.photos, self.paintings, o.batch, o.crop, rng)
            found.append(student(images, ("relu3_1",))["relu3_1"] * student.scale("relu3_1"))
            wanted.append(self.teacher(images, ("relu3_1",))["relu3_1"].float())
        return fit_tail(torch.cat(found), torch.cat(wanted), self.teacher, student.shape.ranks)

    def _held(self, number: int) -> Tensor:
        o, rng = self.options, Rng(2**32 + number, 0, self.device)
        return batch(self.held_photos, self.held_paintings, o.batch, o.crop, rng)

    def advance(self) -> dict[str, Tensor]:
        """Take one step; its losses are `features`, `grams` and, if it was taught, `gradient`."""
        self._schedule()
        o, rng = self.options, Rng(self.options.seed, self.step, self.device)
        teaches_gradients = self.step % o.every == o.every - 1
        if teaches_gradients:
            losses = self._gradient_losses(rng)
        else:
            images = batch(self.photos, self.paintings, o.batch, o.crop, rng)
            phase = rng.integer(SUBSAMPLE_PHASES)
            with torch.no_grad():
                teacher = self._teacher_features(images, phase)
            losses = feature_losses(self._student_features(images, phase), teacher)
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
        self.adam.param_groups[0]["lr"] = _ADAM_PART * o.rate * share
        self.student.train(part < 1 - o.frozen)

    def _gradient_losses(self, rng: Rng) -> dict[str, Tensor]:
        places, pictures, styles = self.pool.draw(self.options.batch // 2, rng)
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
        return {name: each.float() / self.student.scale(name) for name, each in features.items()}

    def _student_features(self, images: Tensor, phase: int) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            features: dict[str, Tensor] = self.student(images, TEACHER_LAYERS, phase)
        return features

    def measure(self) -> dict[str, float]:
        """Return the errors on pictures that were held out, with fixed normalization."""
        training = self.student.training
        self.student.eval()
        found = [self._measured(self._held(number)) for number in range(_ROUNDS)]
        self.student.train(training)
        return {name: sum(each[name] for each in found) / _ROUNDS for name in found[0]}

    def _measured(self, images: Tensor) -> dict[str, float]:
        pictures, styles = images[1::2].clone(), images[::2][: len(images) // 2]
        pictures.requires_grad_()
        both = torch.cat([pictures, styles])
        teacher, student = self._teacher_features(both, 0), self._student_features(both, 0)
        wanted = style_gradient(teacher, pictures, keep=False)
        found = style_gradient(student, pictures, keep=False)
        errors = {n: relative_error(student[n], teacher[n]).mean() for n in TEACHER_LAYERS}
        errors = {"cosine": 1 - cosine_distance(found, wanted).mean(), **errors}
        errors["grams"] = feature_losses(student, teacher)["grams"]
        return {name: float(error.detach()) for name, error in errors.items()}

    def result(self) -> dict[str, Tensor]:
        """Return kernels and biases as `Pocket` reads them."""
        return self.student.folded()


def _shape(options: EncoderOptions) -> PocketShape:
    widths, ranks = (
        tuple(int(each) for each in given.split(",") if each.strip().isdigit())
        for given in (options.widths, options.ranks)
    )
    if (len(widths), len(ranks)) != (3, len(TAIL_CONVOLUTIONS)) or not all(widths + ranks):
        raise SettingsError(
            "widths are three whole numbers (24,48,96) and ranks eight "
            "(96,64,64,96,160,184,176,192), each at least 1"
        )
    return PocketShape(widths, ranks)


class Pool:
    """Half-stylized pictures, which encoders see most; each is one step further when it is drawn.

    A picture starts as a crop of a photograph, often in the colors of its style. It follows the
    pixel gradient that training computes anyway; after its last step a new pair takes its place.
    """

    def __init__(self, photos: Pictures, paintings: Pictures, count: int, size: int) -> None:
        self.photos, self.paintings = photos, paintings
        self.pictures = photos[0].new_zeros((count, 3, size, size))
        self.styles = torch.zeros_like(self.pictures)
        self.left = torch.zeros(count, dtype=torch.int32)

    def draw(self, count: int, rng: Rng) -> tuple[list[int], Tensor, Tensor]:
        """Return places, pictures and styles, (count, 3, size, size) in [0, 1]."""
        places = rng.numpy.choice(len(self.left), count, replace=False).tolist()
        for place in places:
            if self.left[place] == 0:
                self._renew(place, rng)
        return places, self.pictures[places].float() / 255, self.styles[places].float() / 255

    def _renew(self, place: int, rng: Rng) -> None:
        size = self.pictures.shape[-1]
        style, picture = crop(self.paintings, size, rng), crop(self.photos, size, rng)
        if rng.bernoulli(0.2):
            style = disturbed(style, rng)
        if rng.bernoulli(0.6):  # each channel's mean and deviation become those of the style
            deviation, mean = torch.std_mean(picture, (2, 3), keepdim=True)
            wanted, center = torch.std_mean(style, (2, 3), keepdim=True)
            picture = (picture - mean) / (deviation + 1e-3) * wanted + center
        self.styles[place] = _to_bytes(style)[0]
        self.pictures[place] = _to_bytes(picture)[0]
        self.left[place] = 1 + rng.integer(_MOST_STEPS)

    def advance(self, places: list[int], gradient: Tensor, length: float) -> None:
        """Move pictures against a gradient (N, 3, H, W), about `length` a pixel, as Adam would."""
        scale = gradient.abs().mean((1, 2, 3), keepdim=True) + 1e-30
        steps = length * gradient / (gradient.abs() + scale)
        self.pictures[places] = _to_bytes(self.pictures[places].float() / 255 - steps)
        self.left[places] -= 1


def _to_bytes(image: Tensor) -> Tensor:
    return (image.clamp(0, 1) * 255 + 0.5).to(torch.uint8)


if __name__ == "__main__":
    run_as_program(EncoderTrainer, EncoderOptions, __doc__)
