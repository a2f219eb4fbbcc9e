import pytest
import torch

from impasto.training.trainer import Muon, orthogonalized


@pytest.mark.parametrize("shape", [(6, 20), (20, 6)])
def test_singular_values_become_about_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    # The same singular vectors: seen through them, the result is nearly diagonal.
    seen = u.mT @ orthogonalized(matrix) @ v.mT
    assert ((seen.diagonal() > 0.6) & (seen.diagonal() < 1.3)).all()
    assert (seen - seen.diagonal().diag()).abs().max() < 1e-4


def test_finds_a_badly_scaled_linear_map() -> None:
    generator = torch.Generator().manual_seed(1)
    scales = torch.logspace(0, -2, 8)
    target = torch.randn(4, 8, 1, 1, generator=generator)
    kernel = torch.zeros(4, 8, 1, 1, requires_grad=True)
    muon = Muon([kernel], lr=0.1)
    losses = []
    for step in range(200):
        muon.param_groups[0]["lr"] = 0.1 * (1 - step / 200)
        loss = ((kernel - target).flatten(1) * scales).square().sum()
        kernel.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        muon.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 1e-3 * losses[0]


def test_zero_gradient_moves_nothing() -> None:
    kernel = torch.ones(2, 3, 1, 1, requires_grad=True)
    kernel.grad = torch.zeros_like(kernel)
    Muon([kernel], lr=1.0).step()
    assert torch.equal(kernel.detach(), torch.ones(2, 3, 1, 1))
