"""Augmented images are what the group of the square, and its actions one after the other, say."""

import numpy as np
import pytest
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.learning import augment_images
from lawful.learning.augmenting_images import flip_images, rotate_images, shift_images, turn_images

SETTINGS = ("flips", "quarter_turns", "rotation", "shift")
NONE = {"flips": False, "quarter_turns": False, "rotation": 0.0, "shift": 0}


def images(B: int = 12, C: int = 2, H: int = 6, W: int = 6, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).random((B, C, H, W)))


def same(value: object, B: int = 12) -> np.ndarray:
    return np.full(B, value)


def test_the_group_of_the_square():
    x, no, yes = images(), same(False), same(True)
    four = x
    for _ in range(4):
        four = turn_images(four, same(1))
    assert torch.equal(four, x)
    assert torch.equal(turn_images(turn_images(x, same(1)), same(2)), turn_images(x, same(3)))
    assert torch.equal(turn_images(x, same(-1)), turn_images(x, same(3)))
    assert torch.equal(flip_images(x, yes, yes), turn_images(x, same(2)))
    assert torch.equal(flip_images(flip_images(x, yes, no), yes, no), x)
    # a mirror turns the sense of a turn around
    mirrored = flip_images(turn_images(flip_images(x, yes, no), same(1)), yes, no)
    assert torch.equal(mirrored, turn_images(x, same(3)))


def test_each_image_has_a_draw_of_its_own():
    x = images()
    quarters = np.arange(12) % 4
    turned = turn_images(x, quarters)
    for i, quarter in enumerate(quarters):
        assert torch.equal(turned[i], torch.rot90(x[i], -int(quarter), (1, 2)))
    along_x, along_y = np.arange(12) % 2 == 0, np.arange(12) % 3 == 0
    flipped = flip_images(x, along_x, along_y)
    for i in range(12):
        expected = x[i].flip(-1) if along_x[i] else x[i]
        assert torch.equal(flipped[i], expected.flip(-2) if along_y[i] else expected)


@pytest.mark.parametrize("size", [(6, 6), (7, 7)])
def test_rotations_by_right_angles_are_turns(size: tuple[int, int]):
    x = images(12, 2, *size)
    angles = np.pi / 2 * (np.arange(12) % 4)
    np.testing.assert_allclose(rotate_images(x, angles), turn_images(x, np.arange(12) % 4), atol=1e-12)


def test_a_half_turn_of_oblong_images():
    x = images(3, 1, 4, 9)
    np.testing.assert_allclose(rotate_images(x, same(np.pi, 3)), x.flip(-1, -2), atol=1e-12)


@pytest.mark.parametrize("size", [(81, 81), (61, 101)])
def test_a_rotation_takes_a_blob_where_it_should(size: tuple[int, int]):
    """A smooth blob, 15 pixels off the middle, against the blob drawn at the turned place."""
    H, W = size

    def blob(angle: float) -> Tensor:
        y, x = torch.meshgrid(torch.arange(H) - (H - 1) / 2, torch.arange(W) - (W - 1) / 2, indexing="ij")
        x, y = x - 15 * np.cos(angle), y - 15 * np.sin(angle)
        return torch.exp(-(x**2 + y**2) / 50).double()[None, None]

    for angle in (0.4, -1.1, 2.0):
        np.testing.assert_allclose(rotate_images(blob(0.3), same(angle, 1)), blob(0.3 + angle), atol=0.02)
    back = rotate_images(rotate_images(blob(0.3), same(0.7, 1)), same(-0.7, 1))
    np.testing.assert_allclose(back, blob(0.3), atol=0.03)


def test_shifts_agree_with_roll_and_with_a_loop():
    x = images(12, 2, 5, 7)
    rng = np.random.default_rng(2)
    dx, dy = rng.integers(-8, 9, 12), rng.integers(-6, 7, 12)
    cyclic, filled = shift_images(x, dx, dy, cyclic=True), shift_images(x, dx, dy)
    for i in range(12):
        assert torch.equal(cyclic[i], torch.roll(x[i], (int(dy[i]), int(dx[i])), (1, 2)))
        expected = torch.zeros_like(x[i])
        for r in range(5):
            for c in range(7):
                if 0 <= r - dy[i] < 5 and 0 <= c - dx[i] < 7:
                    expected[:, r, c] = x[i, :, r - dy[i], c - dx[i]]
        assert torch.equal(filled[i], expected)
    assert torch.equal(shift_images(cyclic, -dx, -dy, cyclic=True), x)


def test_nothing_asked_changes_nothing_and_inputs_stay():
    x = images()
    before = x.clone()
    assert torch.equal(augment_images(x, np.random.default_rng(0), **NONE), x)
    augment_images(x, np.random.default_rng(0), rotation=0.3, shift=2)
    assert torch.equal(x, before)


@pytest.mark.parametrize("setting", SETTINGS)
def test_each_setting_acts_alone_and_follows_from_the_generator(setting: str):
    x = images()
    asked = {**NONE, setting: {"rotation": 0.5, "shift": 2}.get(setting, True)}
    first, again = (augment_images(x, np.random.default_rng(3), **asked) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, augment_images(x, np.random.default_rng(4), **asked))
    assert not torch.equal(first, x)


def test_all_eight_positions_are_equally_often():
    """3 standard deviations for eight shares of 8,000: false alarms in about 2 of 100 seeds."""
    x = torch.arange(9.0).reshape(1, 1, 3, 3).expand(8000, 1, 3, 3)
    found = augment_images(x, np.random.default_rng(0)).flatten(1)
    kinds, counts = torch.unique(found, dim=0, return_counts=True)
    assert len(kinds) == 8
    assert (counts.double() - 1000).abs().max() < 3 * np.sqrt(8000 * 7 / 64)


def test_bounds_of_shifts_and_rotations():
    x = torch.zeros(2000, 1, 9, 9)
    x[:, :, 4, 4] = 1.0
    moved = augment_images(x, np.random.default_rng(0), **{**NONE, "shift": 2})
    rows, columns = np.nonzero(moved[:, 0].sum(0).numpy())
    assert set(rows) == set(columns) == {2, 3, 4, 5, 6}
    assert (moved.sum(dim=(1, 2, 3)) == 1).all()


def test_types_and_empty_batches():
    x = images().float()
    assert augment_images(x, np.random.default_rng(0), rotation=0.1, shift=1).dtype == torch.float32
    assert augment_images(x[:0], np.random.default_rng(0), rotation=0.1, shift=1, cyclic=True).shape == (0, 2, 6, 6)


@pytest.mark.parametrize(
    ("x", "settings", "message"),
    [
        (torch.zeros(2, 3, 3), {}, r"x is \(2, 3, 3\)"),
        (torch.zeros(2, 1, 3, 3, dtype=torch.int64), {}, "int64"),
        (np.zeros((2, 1, 3, 3)), {}, "x is ndarray"),
        (torch.zeros(2, 1, 3, 4), {}, "3 x 4 pixels.*quarter_turns=False"),
        (torch.zeros(2, 1, 3, 3), {"rotation": -1}, "rotation=-1"),
        (torch.zeros(2, 1, 3, 3), {"shift": 0.5}, "shift=0.5"),
    ],
)
def test_wrong_input(x: object, settings: dict, message: str):
    with pytest.raises(InputError, match=message):
        augment_images(x, np.random.default_rng(0), **settings)
