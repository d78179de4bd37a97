import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from lawful.data import Events


@pytest.fixture
def signed():
    """Scores with ties, labels, and weights of which a sixth are negative."""
    rng = np.random.default_rng(7)
    y = rng.integers(0, 2, 400)
    score = np.round(rng.normal(1.2 * y), 1)
    weight = rng.exponential(size=400) * np.where(rng.random(400) < 1 / 6, -1, 1)
    return y, score, weight


def world(n, seed, *, variations=True):
    """Two classes with named features, signed weights and variations of known size."""
    rng = np.random.default_rng(seed)
    signal = rng.random(n) < 0.5
    pt = 20 + rng.exponential(20, n) + 15 * signal
    mass = np.where(signal, rng.normal(91, 8, n), 60 + rng.exponential(50, n))
    noise = rng.normal(size=n)
    weight = rng.exponential(size=n) * np.where(rng.random(n) < 0.1, -1, 1)
    shifts = {
        "scale_up": {"pt": pt * 1.05},
        "scale_down": {"pt": pt / 1.05},
        "rate_up": weight * np.where(signal, 1.0, 1.2),
        "none": weight,
    }
    return Events(
        {"pt": pt, "mass": mass, "noise": noise},
        signal.astype(int),
        weight,
        units={"pt": "GeV", "mass": "GeV"},
        variations=shifts if variations else None,
        target="is_signal",
    )


@pytest.fixture(scope="session")
def train():
    return world(1500, 1, variations=False)


@pytest.fixture(scope="session")
def test():
    return world(1500, 2)


@pytest.fixture(scope="session")
def model(train):
    return LogisticRegression(max_iter=500).fit(train.frame(), train.y)


@pytest.fixture(scope="session")
def trees(train):
    return HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(train.frame(["pt"]), train.y)
