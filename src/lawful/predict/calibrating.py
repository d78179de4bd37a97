"""The temperature by which scores are divided so that probabilities mean what they say."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from lawful.predict.inputs import Array


def fit_temperature(z: Array, y: Array, w: Array) -> float:
    """Temperature T that minimises the weighted cross-entropy of z / T: z (n, O), y (n, O) one-hot or (n, 1), w (n,).

    A few events could be fitted by any temperature, so log T has a normal prior of width 0.2 around 0, which some
    hundred events outvote.
    """
    if z.shape[1] == 1:
        z, y = np.concatenate([np.zeros_like(z), z], 1), np.concatenate([1 - y, y], 1)
    w = w * (w.sum() / np.square(w).sum())  # as many units of information as there are effective events

    def loss(log_t: float) -> float:
        return float(-(w * (log_softmax(z / np.exp(log_t), 1) * y).sum(1)).sum()) + log_t**2 / (2 * 0.2**2)

    best = minimize_scalar(loss, bounds=(np.log(0.2), np.log(5.0)), method="bounded")
    return float(np.exp(best.x))


def agreement(z: Array) -> float:
    r"""Factor from the temperature of single members to that of their mean score, in (0, 1]; z is (M, n, O).

    A member's score is dampened because it is noisy: the best slope of the true logit on a score is their covariance
    over the score's variance. The mean score has the same covariance with the truth and a smaller variance, so its
    temperature is smaller by $\mathrm{Var}(\bar z) / \overline{\mathrm{Var}(z_m)}$.
    """
    if z.shape[-1] > 1:
        z = z - z.mean(-1, keepdims=True)  # a common shift of all scores means nothing
    single = z.var(1).sum(-1).mean()
    return float(z.mean(0).var(0).sum() / single) if single > 0 else 1.0
