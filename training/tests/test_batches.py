import itertools
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from gtplates.batch_dice import BatchDice
from gtplates.batched_camera import gaussian, resampled, shoot
from gtplates.batched_coder import jpeg, video
from gtplates.batched_scene import SHARES, Looks, look, on_plate, pose
from gtplates.calibrate import fit, off_by
from gtplates.geometry import homography, project
from gtplates.looks_pool import LooksPool
from gtplates.nets import Reader, TaughtReader
from gtplates.plate_bank import HELD_OUT, PlateBank
from gtplates.seats import load
from gtplates.timed_training import Plan, rate, save, train
from gtplates.train_reader import HOPELESS, as_the_teacher, likeliest, shaken, tempered, views
from gtplates.train_refiner import rough
from gtplates.training import load_average
from gtplates.warm import begin

QUAD = torch.tensor([[[60.0, 40.0], [150.0, 52.0], [148.0, 82.0], [58.0, 70.0]]])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def street(count: int = 6, height: int = 64, width: int = 96) -> torch.Tensor:
    grains = torch.rand(count, 1, height // 4, width // 4, generator=generator())
    return nn.functional.interpolate(grains, (height, width), mode="bilinear") * 255


def test_one_seed_gives_one_batch_of_pictures_whole_values_of_the_same_size() -> None:
    width, dark = torch.full((6,), 150.0), torch.tensor([True, False] * 3)
    first, second = (shoot(street(), width, dark, generator(1)) for _ in range(2))
    assert torch.equal(first, second) and first.shape == street().shape
    assert torch.equal(first, first.round()) and first.min() >= 0 and first.max() <= 255


def test_the_camera_leaves_what_it_was_given_untouched() -> None:
    given = street()
    shoot(given, torch.full((6,), 150.0), torch.ones(6, dtype=torch.bool), generator(1))
    assert torch.equal(given, street())


def test_blur_by_frequencies_is_the_blur_of_opencv() -> None:
    ours = gaussian(street(1), torch.full((1, 1, 1, 1), 1.7))[0, 0].numpy()
    assert np.abs(ours - cv2.GaussianBlur(street(1)[0, 0].numpy(), (0, 0), 1.7, borderType=cv2.BORDER_REFLECT_101)).max() < 0.5


@pytest.mark.parametrize("quality", [25, 80])
def test_jpeg_is_that_of_a_real_coder(quality: int) -> None:
    picture = street(1).round()
    _, coded = cv2.imencode(".jpg", picture[0, 0].numpy().astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    real = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE).astype(np.float32)
    ours = jpeg(picture, torch.tensor([float(quality)]))[0, 0].round().numpy()
    assert np.abs(ours - real).mean() < 0.25 * np.abs(real - picture[0, 0].numpy()).mean()


@pytest.mark.parametrize("moved", [None, (3, -5)])
def test_a_coarser_quantiser_leaves_less_of_a_picture(moved: tuple[int, int] | None) -> None:
    picture = street(1, 60, 90)
    lost = [(video(picture, 8, torch.tensor([q]), moved) - picture).abs().mean() for q in (10.0, 24.0, 38.0)]
    assert lost[0] < 1 < lost[1] < lost[2] < 30


def test_a_smaller_picture_lies_at_the_top_left() -> None:
    small = resampled(street(1), torch.tensor([2.0]))
    assert small[..., :32, :48].mean() == pytest.approx(street(1).mean().item(), abs=2)


def test_the_corners_of_the_plate_are_where_its_unit_square_says() -> None:
    corners = pose(torch.full((8,), 90.0), torch.full((8,), 3.08), BatchDice(8, generator(3))) + torch.tensor([128.0, 64.0])
    unit = on_plate(corners)
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(256.0), indexing="ij")
    pixels = torch.stack([x, y], -1).expand(8, -1, -1, -1)
    near = ((unit > -0.2) & (unit < 1.2)).all(-1)
    back = project(homography(corners), unit.flatten(1, 2)).reshape(unit.shape)
    assert near.any() and (back - pixels)[near].abs().max() < 0.05


@pytest.fixture(scope="module")
def world(world_folder: Path):
    return PlateBank(world_folder, "cpu"), load(world_folder / "reader", "cpu")


def test_looks_show_the_plate_between_its_corners_and_know_what_is_no_plate(world) -> None:
    looks = look(*world, 96, generator(5))
    assert looks.luma.shape == (96, 1, 128, 256) and looks.luma.isfinite().all()
    assert (looks.readable <= looks.has_corners).all()
    assert 0.5 < looks.readable.float().mean() < 1 and SHARES[0] > 0.5
    drawn = looks.readable & (looks.text[:, 0] == 0) & ((looks.corners[:, 1] - looks.corners[:, 0]).norm(dim=-1) > 60)
    seen = views(looks, BatchDice(96, generator(6)))
    left, right = seen.view[drawn][..., 16:48, 24:60].mean((1, 2, 3)), seen.view[drawn][..., 16:48, 100:136].mean((1, 2, 3))
    assert drawn.sum() > 20 and (right > left).float().mean() > 0.85


def test_plates_kept_for_judging_are_never_learned_from(world) -> None:
    bank, _ = world
    assert (bank.learned_from >= HELD_OUT).all() and (bank.judged_by < HELD_OUT).all() and len(bank.judged_by) == HELD_OUT


def test_lost_corners_are_judged_but_not_taught(world) -> None:
    looks = look(*world, 512, generator(7))
    seen = views(looks, BatchDice(512, generator(8)))
    assert (seen.taught <= seen.read).all() and 0 < (seen.read & ~seen.taught).sum() < 0.15 * seen.read.sum()


def test_corners_are_shaken_by_a_share_of_the_plate() -> None:
    moved, lost = shaken(QUAD.expand(2000, -1, -1), BatchDice(2000, generator()))
    away = (moved - QUAD).norm(dim=-1).mean(1)
    assert away[~lost].median() < 0.03 * 90 < away[lost].median()


def test_the_rough_corners_a_refiner_starts_from_still_touch_the_plate() -> None:
    start = rough(QUAD.expand(300, -1, -1), BatchDice(300, generator()))
    assert (start.amin(1) < QUAD[0].amax(0)).all() and (start.amax(1) > QUAD[0].amin(0)).all()


def test_a_hopeless_plate_weighs_a_quarter() -> None:
    assert tempered(torch.tensor([0.1, HOPELESS + 3])).item() == pytest.approx((0.1 + 0.25 * (HOPELESS + 3)) / 1.25)


def test_the_likeliest_plate_of_a_batch_follows_the_grammar() -> None:
    characters = torch.zeros(2, 7, 36)
    wanted = torch.tensor([[10, 11, 12, 1, 2, 3, 4], [10, 11, 12, 1, 13, 3, 4]])
    characters.scatter_(2, wanted[..., None], 5.0)
    characters[:, 0, 0] = 9.0  # a digit where only a letter may stand
    assert torch.equal(likeliest(characters, torch.zeros(2, 4)), wanted)


def test_the_rate_rises_then_falls_to_nothing_before_the_time_is_up() -> None:
    plan = Plan(Path("any"), 0.0, 1.0)
    assert rate(0, plan) < 0.05 < rate(0.5, plan) < 1 and rate(0.03, plan) > 0.99 and rate(0.985, plan) < 0.01


def test_training_learns_ends_in_time_and_keeps_the_average(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, losses = nn.Conv2d(1, 1, 1), []

    def loss_of(forward, chance: torch.Generator):
        view = torch.rand(8, 1, 4, 4, generator=chance)
        loss = (forward(view) - 3 * view - 1).pow(2).mean()
        losses.append(loss.item())
        return loss, {"loss": loss}, 8

    ticks = itertools.count()
    train(net, Plan(tmp_path / "net.pt", 300.0, 0.1), torch.device("cpu"), 0, loss_of, clock=lambda: float(next(ticks)))
    kept = torch.load(tmp_path / "net.pt", weights_only=True)
    assert losses[-1] < losses[0] / 20 and kept["step"] == len(losses) and kept["looks"] == 8 * len(losses)
    assert set(kept["average"]) == {"weight", "bias"} and math.isfinite(kept["seconds"])


def test_the_reader_that_is_shipped_is_the_pupil_of_the_two_that_learnt_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gtplates.training.CACHE", tmp_path)
    both = TaughtReader().eval()
    save(tmp_path / "checkpoints" / "both.pt", {"average": both.state_dict()})
    view = torch.rand(1, 1, 64, 160, generator=generator()) * 255
    for ours, theirs in zip(load_average(Reader(), "both")(view), both(view)[0]):
        assert torch.equal(ours, theirs)
    again = begin(TaughtReader(), tmp_path / "checkpoints" / "both.pt").eval()
    assert torch.equal(again(view)[1][0], both(view)[1][0])


def test_a_pupil_nears_its_teacher_and_the_teacher_learns_nothing_by_it() -> None:
    pupil, teacher = (torch.randn(2, 7, 36, generator=generator(i)).requires_grad_() for i in (1, 2))
    as_the_teacher(pupil, teacher).backward()
    assert teacher.grad is None and pupil.grad.abs().sum() > 0
    assert as_the_teacher(teacher, teacher).item() == pytest.approx(0, abs=1e-6)


def test_a_pool_shows_what_was_hard_more_often_and_lets_the_oldest_go() -> None:
    def looks(first: int, count: int) -> Looks:
        numbers = torch.arange(first, first + count)
        return Looks(numbers[:, None, None, None].expand(-1, 1, 2, 3).float(), torch.zeros(count, 4, 2), numbers[:, None].expand(-1, 7), numbers * 0)

    pool = LooksPool(8)
    pool.add(looks(0, 8))
    pool.learnt(torch.arange(8), torch.tensor([0.9] + [0.1] * 6 + [9.0]), hopeless=1.2)
    drawn, rooms = pool.draw(4000, generator(3))
    share = torch.bincount(drawn.text[:, 0], minlength=8) / 4000
    assert torch.equal(drawn.luma[:, 0, 0, 0].long(), drawn.text[:, 0]) and torch.equal(rooms, drawn.text[:, 0])
    assert share[0] > 3 * share[1] and share[7] < share[0] / 2
    pool.add(looks(100, 6))
    assert set(pool.draw(400, generator(4))[0].text[:, 0].tolist()) == {6, 7, *range(100, 106)}


def test_the_reader_runs_and_learns_in_half_precision() -> None:
    net = Reader()
    with torch.autocast("cpu", torch.bfloat16):
        characters, layout, sure = net(torch.rand(2, 1, 64, 160, generator=generator()) * 255)
    (characters.float().sum() + layout.float().sum() + sure.float().sum()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


def test_calibration_finds_the_temperature_and_the_odds_that_answers_were_made_with() -> None:
    chance, truth = generator(9), torch.randn(3000, 7, 36, generator=generator(10)) * 2
    text = torch.multinomial(truth.softmax(-1).flatten(0, 1), 1, generator=chance).view(3000, 7)
    odds = torch.randn(8000, generator=chance) * 2
    right = torch.rand(8000, generator=chance) < odds.sigmoid()
    found = fit(truth * 3, text, (odds + 1) / 2, right)
    assert (found.temperature, found.scale, found.shift) == pytest.approx((3, 2, -1), rel=0.12)
    assert all(abs(told - share) < 0.05 for told, share, _ in off_by(odds.sigmoid(), right))
