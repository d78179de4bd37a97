"""A body thrown straight up, with or without the drag of the air."""

from typing import Any

import numpy as np

from lawful.simulators.world import Array, Column, Drawn, Setting, World, drawn, varying


def height(time: Array, speed: Any, gravity: float = 9.81, drag: float = 0.0) -> Array:
    r"""Height of a body thrown upwards, with $\ddot x = -g - \kappa\,\dot x\,|\dot x|$ and x(0) = 0.

    Without drag $x = v_0 t - g t^2 / 2$. With drag the solution is known too: with the terminal speed
    $w = \sqrt{g / \kappa}$ and $\theta = \arctan(v_0 / w)$ the top is reached at $t_1 = w \theta / g$; before,
    $x = (w^2/g) \ln(\cos(\theta - g t / w) / \cos\theta)$, and afterwards the body falls from the top by
    $(w^2/g) \ln\cosh(g (t - t_1) / w)$.

    Args:
        time: t in s, (N,).
        speed: v_0 upwards in m/s.
        gravity: g in m/s^2.
        drag: kappa in 1/m; density of the air times drag coefficient times cross-section over twice the mass.

    Returns:
        Height in m, (N,); negative after the body has come back.

    References:
        G. W. Parker, 'Projectile motion with air resistance quadratic in the speed', American Journal of Physics 45
        (1977) 606.

    Examples:
        >>> height(np.array([1.0]), 10.0, gravity=10.0)
        array([5.])
        >>> bool(abs(height(np.array([1.0]), 10.0, 10.0, drag=1e-9) - 5.0) < 1e-6)
        True
    """
    if drag == 0:
        return np.asarray(speed * time - gravity * time**2 / 2)
    w = np.sqrt(gravity / drag)
    theta = np.arctan2(np.asarray(speed, float), w)
    top = w * theta / gravity
    rising, falling = np.minimum(time, top), np.maximum(time - top, 0.0)
    climbed = np.log(np.cos(theta - gravity * rising / w) / np.cos(theta))
    u = gravity * falling / w
    fallen = u + np.log1p(np.expm1(-2 * u) / 2)  # ln cosh u, which does not overflow
    return np.asarray(w**2 / gravity * (climbed - fallen))


def _draw(n: int, rng: np.random.Generator, **settings: Any) -> Drawn:
    speed = drawn(n, rng, settings["speed"])
    time = rng.uniform(0.0, settings["duration"], n)
    x = height(time, speed, settings["gravity"], settings["drag"]) + settings["noise"] * rng.normal(size=n)
    return Drawn({"time": time, **varying(settings, {"speed": speed})}, {"height": x})


PROJECTILE = World(
    name="projectile",
    line="height of a body thrown straight up",
    draw=_draw,
    settings={
        "speed": Setting(20.0, "m/s", "v0, upwards at the start", low=0, pair=True),
        "gravity": Setting(9.81, "m/s**2", "g", low=0, above=True),
        "drag": Setting(0.0, "1/m", "kappa, deceleration over speed squared", low=0),
        "duration": Setting(4.0, "s", "times are uniform from 0 to this", low=0, above=True),
        "noise": Setting(0.1, "m", "standard deviation of the noise of the height", low=0),
    },
    columns={
        "time": Column("s", "since the throw"),
        "speed": Column("m/s", "v0, when it is drawn"),
        "height": Column("m", "target: height above the start"),
    },
    source="G. W. Parker, 'Projectile motion with air resistance quadratic in the speed', American Journal of "
    "Physics 45 (1977) 606",
)
