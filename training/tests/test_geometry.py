import numpy as np
import pytest
import torch

from gtplates.geometry import READER_VIEW, REFINER_VIEW, homography, project, sampled, straighten, unstraighten, window

QUAD = torch.tensor([[[40.0, 30.0], [170.0, 50.0], [165.0, 100.0], [35.0, 70.0]]])


def ramp(height: int = 128, width: int = 256) -> torch.Tensor:
    """A picture whose value tells where it was sampled."""
    return (torch.arange(width)[None] + 2.0 * torch.arange(height)[:, None])[None, None]


def test_the_unit_square_lands_on_the_corners() -> None:
    unit = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]])
    assert torch.allclose(project(homography(QUAD), unit), QUAD, atol=1e-3)


def test_a_straightened_view_shows_the_corners_at_its_margins() -> None:
    view = straighten(ramp(), QUAD, READER_VIEW)
    x, y = READER_VIEW.margin_x * READER_VIEW.width, READER_VIEW.margin_y * READER_VIEW.height
    seen = view[0, 0, round(y), round(x)].item()
    at = unstraighten(QUAD, torch.tensor([[[round(x) / READER_VIEW.width, round(y) / READER_VIEW.height]]]), READER_VIEW)[0, 0]
    assert seen == pytest.approx(at[0].item() + 2 * at[1].item(), abs=0.5)


def test_points_of_a_view_come_back_to_the_picture() -> None:
    inside = REFINER_VIEW.from_plate(torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]]))
    assert torch.allclose(unstraighten(QUAD, inside, REFINER_VIEW), QUAD, atol=1e-2)


@pytest.mark.parametrize("quad", [QUAD, QUAD - 36.0, QUAD + torch.tensor([80.0, 20.0])])
def test_the_window_of_a_frame_gives_the_same_view_as_the_frame(quad: torch.Tensor) -> None:
    frame = torch.from_numpy(np.random.default_rng(0).integers(0, 255, (1, 1, 128, 256)).astype(np.uint8))
    cut, moved = window(frame, homography(quad), READER_VIEW)
    assert cut.numel() <= frame.numel()
    assert torch.allclose(sampled(cut, moved, READER_VIEW), straighten(frame.float(), quad, READER_VIEW), atol=0.5)
