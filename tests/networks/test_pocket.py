import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import SettingsError, WeightsError
from impasto.losses import gram_matrix
from impasto.networks import POCKET_LAYERS, Pocket, build_encoder
from impasto.networks.pocket import SUBSAMPLE_PHASES, PocketShape, subsampled
from impasto.training.student import Student

LAYERS = tuple(POCKET_LAYERS)


@pytest.fixture(scope="module")
def parameters() -> dict[str, Tensor]:
    """Parameters whose statistics have seen a picture, so that the folding has work to do."""
    student = Student(PocketShape((4, 6, 8), (2, 3, 4, 2, 3, 4, 2, 3)), seed=3)
    student.scales.copy_(torch.arange(1.0, 1 + len(student.scales)))
    student.train()
    student(torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)), LAYERS, 1)
    return student.folded()


@pytest.fixture(scope="module")
def image() -> Tensor:
    return torch.rand(1, 3, 53, 70, generator=torch.Generator().manual_seed(2))


def test_features_have_vggs_shapes(parameters: dict[str, Tensor], image: Tensor) -> None:
    features = Pocket(parameters)(image, LAYERS)
    assert tuple(features["relu1_1"].shape) == (1, 64, 54, 70)
    assert tuple(features["relu2_1"].shape) == (1, 128, 27, 35)
    assert tuple(features["relu3_1"].shape) == (1, 256, 13, 17)
    assert tuple(features["relu4_1"].shape) == (1, 512, 6, 8)
    assert tuple(features["relu4_2"].shape) == (1, 512, 6, 8)
    assert tuple(features["relu5_1"].shape) == (1, 512, 3, 4)


def test_first_layer_is_a_convolution_of_the_picture(
    parameters: dict[str, Tensor], image: Tensor
) -> None:
    kernel, bias = parameters["relu1_1.weight"], parameters["relu1_1.bias"]
    padded = F.pad(image, (1, 1, 1, 2), mode="replicate")
    expected = F.relu(F.conv2d(padded, kernel, bias))
    found = Pocket(parameters)(image, ["relu1_1"])["relu1_1"]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("phase", range(SUBSAMPLE_PHASES))
def test_phases_are_parts_of_the_whole(
    parameters: dict[str, Tensor], image: Tensor, phase: int
) -> None:
    pocket = Pocket(parameters)
    whole, part = pocket(image, LAYERS), pocket(image, LAYERS, phase)
    for layer in LAYERS:
        expected = whole[layer]
        if layer in ("relu1_1", "relu2_1"):
            expected = expected[..., phase // 2 :: 2, phase % 2 :: 2]
        torch.testing.assert_close(part[layer], expected)


def test_phases_together_have_the_gram_matrix_of_the_whole(
    parameters: dict[str, Tensor], image: Tensor
) -> None:
    pocket = Pocket(parameters)
    parts = [pocket(image, ["relu1_1"], phase)["relu1_1"] for phase in range(SUBSAMPLE_PHASES)]
    mean = torch.stack([gram_matrix(part) for part in parts]).mean(0)
    torch.testing.assert_close(mean, gram_matrix(pocket(image, ["relu1_1"])["relu1_1"]))


def test_folding_keeps_what_the_student_computes(image: Tensor) -> None:
    student = Student(PocketShape((4, 6, 8), (2, 3, 4, 2, 3, 4, 2, 3)), seed=5)
    seen = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    student.whiten(F.avg_pool2d(seen, 3, 1, 1))
    student(seen, LAYERS, 2)
    student.eval()
    folded = Pocket(student.folded())(image, LAYERS, 2)
    for layer, features in student(image, LAYERS, 2).items():
        torch.testing.assert_close(folded[layer], features, atol=1e-4, rtol=1e-3)


def test_bfloat16_is_near(parameters: dict[str, Tensor], image: Tensor) -> None:
    exact = Pocket(parameters)(image, LAYERS)
    rough = Pocket(parameters, precision=torch.bfloat16)(image, LAYERS)
    for layer in LAYERS:
        error = (rough[layer].float() - exact[layer]).norm() / exact[layer].norm()
        assert error < 0.03, layer


def test_bfloat16_sees_steps_finer_than_its_mantissa(parameters: dict[str, Tensor]) -> None:
    pocket = Pocket(parameters, precision=torch.bfloat16)
    # 230/256 is a bfloat16, and the step a quarter of the way to the next.
    base = torch.full((1, 3, 32, 32), 230 / 256)
    finer = base + 0.25 / 256
    assert torch.equal(finer.bfloat16(), base.bfloat16())
    difference = pocket(finer, ["relu1_1"])["relu1_1"] - pocket(base, ["relu1_1"])["relu1_1"]
    assert difference.abs().sum() > 0


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_gradient_reaches_every_pixel(
    parameters: dict[str, Tensor], precision: torch.dtype
) -> None:
    image = torch.rand(1, 3, 49, 51, generator=torch.Generator().manual_seed(4)).requires_grad_()
    features = Pocket(parameters, precision=precision)(image, LAYERS, 0)
    torch.stack([f.float().square().mean() for f in features.values()]).sum().backward()  # type: ignore[no-untyped-call]
    assert image.grad is not None
    reached = image.grad.abs().amax(1) > 0
    assert reached.float().mean() > 0.99
    assert reached[0, -1].float().mean() > 0.9
    assert reached[0, :, -1].float().mean() > 0.9


def test_subsampling_can_be_differentiated_twice() -> None:
    x = torch.rand(1, 2, 5, 4, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: subsampled(x, 3), x)
    assert torch.autograd.gradgradcheck(lambda x: subsampled(x, 3).square(), x)


def test_unknown_layers_are_refused(parameters: dict[str, Tensor], image: Tensor) -> None:
    with pytest.raises(SettingsError, match=r"knows relu1_1.*not relu3_2"):
        Pocket(parameters)(image, ["relu3_2"])


def test_parameters_of_another_network_are_refused(parameters: dict[str, Tensor]) -> None:
    without = {name: value for name, value in parameters.items() if name != "conv4_1_across.weight"}
    with pytest.raises(WeightsError, match=r"no 'conv4_1_across.weight'"):
        Pocket(without)
    with pytest.raises(WeightsError, match="do not fit"):
        Pocket({**parameters, "conv4_1_across.weight": parameters["conv4_2_across.weight"][:, :1]})


def test_pocket_has_no_pooling_to_choose() -> None:
    with pytest.raises(SettingsError, match="no pooling"):
        build_encoder("pocket", LAYERS, pooling="average")
