"""Multinomial logistic regression, and the temperature that makes its probabilities honest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def fit_logistic(rows: Numbers, truth: Whole, ridge: float) -> tuple[Numbers, Numbers]:
    """Return weights (class x feature) and bias; all classes weigh the same, and a squared weight costs `ridge`."""
    from scipy.optimize import minimize  # noqa: PLC0415

    count, classes = rows.shape[1], int(truth.max()) + 1
    inputs = np.asarray(rows, np.float32)
    target = np.eye(classes, dtype=np.float32)[truth]
    worth = (len(truth) / (classes * np.bincount(truth)[truth])).astype(np.float32)

    def loss(flat: Numbers) -> tuple[float, Numbers]:
        weights, bias = flat[:-classes].reshape(classes, count), flat[-classes:]
        logits = inputs @ weights.T.astype(np.float32) + bias.astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        likely = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        off = (np.exp(likely) - target) * worth[:, None]
        cost = -float((worth * likely[np.arange(len(truth)), truth]).sum(dtype=np.float64)) + ridge * float((weights**2).sum())
        slope = (off.T @ inputs).astype(np.float64) + 2 * ridge * weights
        return cost, np.concatenate([slope.ravel(), off.sum(axis=0, dtype=np.float64)])

    found = minimize(loss, np.zeros(classes * (count + 1)), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return found.x[:-classes].reshape(classes, count), found.x[-classes:]


def fit_temperature(logits: Numbers, right: npt.NDArray[np.bool_]) -> float:
    """Return what logits are to be divided by so that the likeliest label is as sure as it is often right.

    After Guo et al. 2017, "On calibration of modern neural networks" (arXiv:1706.04599), who take the likelihood of the
    true label; here a truth may be none of the labels.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415

    def cost(warmth: float) -> float:
        even = logits / np.exp(warmth)
        powers = np.exp(even - even.max(axis=1, keepdims=True))
        sure = (1 / powers.sum(axis=1)).clip(1e-9, 1 - 1e-9)
        return -float(np.log(np.where(right, sure, 1 - sure)).mean())

    return float(np.exp(minimize_scalar(cost, bounds=(-3.0, 3.0), method="bounded").x))
