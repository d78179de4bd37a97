"""Time of an epoch: 50,000 events, a 28-64-64-1 network, batches of 256, one thread, no validation.

    python benchmarks/epoch.py

Ours against plain torch with fused AdamW (the loop that one writes by hand), scikit-learn's MLPClassifier and skorch.
Each call makes EPOCHS epochs, so that what is done once (checks, scaling, building) counts as a user meets it.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import warnings

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier

import lawful as lf
from timing import alternate, table

EVENTS, COLUMNS, BATCH, EPOCHS = 50_000, 28, 256, 10


def network() -> torch.nn.Module:
    """The network that all run."""
    return torch.nn.Sequential(
        torch.nn.Linear(COLUMNS, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 1),
    )


class Squeezed(torch.nn.Module):
    """The same network with outputs (N,) for skorch's loss."""

    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, F) to (N,)."""
        return self.net(x).squeeze(1)


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(EVENTS, COLUMNS)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] + rng.normal(size=EVENTS) > 0).astype(np.int64)

    def plain_torch() -> None:
        x, t = torch.from_numpy(X), torch.from_numpy(y).float()
        net = network()
        optimiser = torch.optim.AdamW(net.parameters(), 1e-3, fused=True)
        for _ in range(EPOCHS):
            order = torch.randperm(EVENTS)
            for start in range(0, EVENTS, BATCH):
                rows = order[start : start + BATCH]
                optimiser.zero_grad()
                loss = torch.nn.functional.binary_cross_entropy_with_logits(net(x[rows]).squeeze(1), t[rows])
                loss.backward()
                optimiser.step()

    def skorch() -> None:
        from skorch import NeuralNetBinaryClassifier

        NeuralNetBinaryClassifier(
            Squeezed,
            max_epochs=EPOCHS,
            batch_size=BATCH,
            optimizer=torch.optim.AdamW,
            lr=1e-3,
            train_split=None,
            verbose=0,
            iterator_train__shuffle=True,
        ).fit(X, y.astype(np.float32))

    same = {"hidden": (64, 64), "epochs": EPOCHS, "batch_size": BATCH, "learning_rate": 1e-3}

    def ours(**settings: object) -> None:
        lf.Classifier(**same, **settings).fit(X, y, validation=False)

    rivals = {
        "lawful, the same network": lambda: ours(activation="relu", dropout=0.0),
        "lawful, default activation and dropout": lambda: ours(),
        "plain torch, fused AdamW": plain_torch,
        "scikit-learn MLPClassifier": lambda: MLPClassifier((64, 64), batch_size=BATCH, max_iter=EPOCHS).fit(X, y),
        "skorch": skorch,
    }
    print(table(alternate(rivals), "lawful, the same network", per=EPOCHS))


if __name__ == "__main__":
    main()
