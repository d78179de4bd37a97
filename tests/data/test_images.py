import numpy as np
import pytest

from lawful.data import Cloud, jet_images
from lawful.data.clouds import offsets_of
from lawful.errors import InputError


def wrapped(phi: np.ndarray) -> np.ndarray:
    return (phi + np.pi) % (2 * np.pi) - np.pi


def jets(events: int = 300, seed: int = 0, *, scattered: bool = True) -> Cloud:
    """Elongated jets, some empty, some of one object; around different centres, or all around eta = phi = 0."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 30, events)
    offsets = offsets_of(counts)
    size = int(offsets[-1])
    event = np.repeat(np.arange(events), counts)
    angle = rng.uniform(0, 2 * np.pi, events)[event]
    u, v = rng.normal(0, 0.15, size), rng.normal(0, 0.05, size)
    centre = rng.uniform(-np.pi, np.pi, (2, events))[:, event] * scattered
    eta = centre[0] + u * np.cos(angle) - v * np.sin(angle)
    phi = centre[1] + u * np.sin(angle) + v * np.cos(angle)
    return Cloud(offsets, {"pt": rng.exponential(10, size), "eta": eta, "phi": wrapped(phi)})


def changed(cloud: Cloud, **fields: np.ndarray) -> Cloud:
    return Cloud(cloud.offsets, {**{name: cloud[name] for name in cloud.fields}, **fields})


def one(points: list[tuple[float, float, float]]) -> Cloud:
    """One jet of (pt, eta, phi)."""
    pt, eta, phi = np.array(points).T
    return Cloud([0, len(points)], {"pt": pt, "eta": eta, "phi": phi})


def by_hand(cloud: Cloud, pixels: int, width: float) -> np.ndarray:
    """Pixels of pt around (0, 0), object by object."""
    images = np.zeros((len(cloud), 1, pixels, pixels))
    for n, (a, b) in enumerate(zip(cloud.offsets, cloud.offsets[1:], strict=False)):
        for pt, eta, phi in zip(cloud["pt"][a:b], cloud["eta"][a:b], cloud["phi"][a:b], strict=True):
            i, j = (int(np.floor((x / width + 0.5) * pixels)) for x in (eta, phi))
            if 0 <= i < pixels and 0 <= j < pixels:
                images[n, 0, j, i] += pt
    return images


def test_pixels_agree_with_a_loop() -> None:
    cloud = jets()
    images = jet_images(cloud, pixels=10, width=2.0, centre=False, rotate=False, flip=False, normalise=None)
    expected = by_hand(cloud, 10, 2.0)
    assert images.dtype == np.float32
    np.testing.assert_allclose(images, expected, rtol=1e-6)


@pytest.mark.parametrize("shift", [0.3, np.pi, -2.5])
@pytest.mark.parametrize("pixels", [31, 32])
def test_a_turn_about_the_beam_and_a_boost_change_nothing(shift: float, pixels: int) -> None:
    cloud = jets()
    moved = changed(cloud, phi=wrapped(cloud["phi"] + shift), eta=cloud["eta"] + shift)
    crossing = np.abs(np.diff(moved["phi"])) > 6
    assert crossing.any()  # jets on both sides of pi
    np.testing.assert_array_equal(jet_images(moved, pixels=pixels), jet_images(cloud, pixels=pixels))


def test_jets_in_float32_across_pi() -> None:
    """Objects on one line lie on an edge of pixels: rounding must not move them."""
    near = one([(50, 1.0, 0.1), (30, 1.3, 0.4), (20, 0.9, 0.0)])
    there = changed(near, phi=wrapped(near["phi"] + np.pi - 0.2).astype(np.float32))
    np.testing.assert_array_equal(jet_images(near), jet_images(there))


def test_a_quarter_turn_changes_nothing() -> None:
    cloud = jets(scattered=False)
    eta, phi = cloud["eta"], cloud["phi"]
    for new in ((-phi, eta), (-eta, -phi), (phi, -eta)):
        turned = changed(cloud, eta=new[0], phi=new[1])
        np.testing.assert_array_equal(jet_images(turned), jet_images(cloud))
        np.testing.assert_array_equal(jet_images(turned, flip=False), jet_images(cloud, flip=False))
        assert (
            np.abs(jet_images(turned, rotate=False, flip=False) - jet_images(cloud, rotate=False, flip=False)).sum()
            > 1
        )


def test_any_turn_changes_nothing() -> None:
    """Objects move by rounding alone; that one of 4,000 crosses an edge by it has a chance below 1e-6."""
    cloud = jets(scattered=False)
    eta, phi = cloud["eta"], cloud["phi"]
    for angle in (0.7, 2.5):
        c, s = np.cos(angle), np.sin(angle)
        turned = changed(cloud, eta=c * eta - s * phi, phi=s * eta + c * phi)
        np.testing.assert_array_equal(jet_images(turned), jet_images(cloud))


def test_mirrors_change_nothing_when_flipped() -> None:
    cloud = jets()
    for fields in ({"eta": -cloud["eta"]}, {"phi": wrapped(-cloud["phi"])}):
        mirrored = changed(cloud, **fields)
        # mirrored pixels are open on the other side: objects within rounding of an edge may differ
        np.testing.assert_allclose(jet_images(mirrored), jet_images(cloud), atol=1e-6)
    alone = jet_images(changed(cloud, eta=-cloud["eta"]), flip=False)
    assert np.abs(alone - jet_images(cloud, flip=False)).sum() > 1


def test_the_axis_is_vertical_and_the_harder_half_up_and_right() -> None:
    images = jet_images(jets(), pixels=64, width=2.0)[:, 0].astype(np.float64)
    centre = np.arange(64) - 31.5
    x2, y2 = (images.sum(axis=axis) @ centre**2 for axis in (1, 2))
    assert (y2 >= x2 - 0.1).all()
    filled = images.sum(axis=(1, 2)) > 0
    up, right = images[:, 32:].sum(axis=(1, 2)), images[:, :, 32:].sum(axis=(1, 2))
    assert (up[filled] >= 0.5 - 1e-6).all()
    assert (right[filled] >= 0.5 - 1e-6).all()


def test_two_prongs_stand_upright() -> None:
    """60 GeV and 40 GeV, 0.5 apart: 0.2 up and 0.3 down from their mean, at any place and angle."""
    for angle in (0.0, 0.5, 2.0, 4.0):
        c, s = 0.5 * np.cos(angle), 0.5 * np.sin(angle)
        image = jet_images(one([(60, 1.0, 3.1), (40, 1.0 + c, wrapped(3.1 + s))]), pixels=10, width=1.0)[0, 0]
        expected = np.zeros((10, 10), np.float32)
        expected[7, 5], expected[2, 5] = 0.6, 0.4
        np.testing.assert_allclose(image, expected, atol=1e-7)


def test_pt_inside_the_window_is_kept() -> None:
    cloud = jets()
    total = np.bincount(np.repeat(np.arange(len(cloud)), cloud.counts), cloud["pt"], len(cloud))
    wide = jet_images(cloud, width=12.0, normalise=None)
    np.testing.assert_allclose(wide.sum(axis=(1, 2, 3)), total, rtol=1e-5)
    narrow = jet_images(cloud, width=0.3, normalise=None).sum(axis=(1, 2, 3))
    assert (narrow <= total * (1 + 1e-6)).all()
    assert narrow.sum() < 0.95 * total.sum()


def test_normalised_images_sum_to_one_and_empty_ones_are_black() -> None:
    cloud = jets()
    sums = jet_images(cloud).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(sums, cloud.counts > 0, atol=1e-5)
    assert not jet_images(Cloud([0, 0], {"pt": [], "eta": [], "phi": []})).any()
    assert jet_images(Cloud([0], {"pt": [], "eta": [], "phi": []})).shape == (0, 1, 32, 32)


def test_channels() -> None:
    cloud = jets()
    charged = np.random.default_rng(5).random(len(cloud["pt"])) < 0.6
    cloud = changed(cloud, charged=cloud["pt"] * charged, neutral=cloud["pt"] * ~charged)
    both = jet_images(cloud, value=["charged", "neutral"], normalise=None)
    assert both.shape == (len(cloud), 2, 32, 32)
    np.testing.assert_allclose(both.sum(axis=1), jet_images(cloud, normalise=None)[:, 0], rtol=1e-5, atol=1e-5)


def test_four_momenta_and_objects_along_the_beam() -> None:
    cloud = one([(50, 0.1, 0.2), (30, 0.3, 0.4)])
    px, py, pz = (np.append(cloud[name], x) for name, x in (("px", 0.0), ("py", 0.0), ("pz", 200.0)))
    momenta = Cloud([0, 3], {"px": px, "py": py, "pz": pz, "E": np.full(3, 300.0)})
    np.testing.assert_allclose(jet_images(momenta), jet_images(cloud), atol=1e-6)
    assert jet_images(momenta, value="E", normalise=None).sum() == 600  # not the one along the beam


def test_objects_without_pt() -> None:
    image = jet_images(one([(0, 0.1, 0.2)]))
    assert not image.any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pixels": 0}, "pixels=0"),
        ({"pixels": 3.5}, "pixels=3.5"),
        ({"width": 0}, "width=0"),
        ({"normalise": "max"}, "normalise='max'"),
        ({"value": []}, "name at least one field"),
        ({"value": "ptt"}, "did you mean 'pt'"),
    ],
)
def test_wrong_settings(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        jet_images(jets(5), **settings)


def test_wrong_clouds() -> None:
    with pytest.raises(InputError, match="no field 'phi'"):
        jet_images(Cloud([0, 1], {"pt": [1.0], "eta": [0.0]}))
    with pytest.raises(InputError, match="field 'pt' holds 1 value that is NaN"):
        jet_images(one([(np.nan, 0, 0)]))
    with pytest.raises(InputError, match="is negative: -1"):
        jet_images(one([(-1, 0, 0)]))
