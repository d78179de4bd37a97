"""Training ten members (28-64-64-1) as one batched network, against ten separate fits.

    python benchmarks/members.py

Twenty epochs on 20,000 events, a fifth held out for each member; all cores.
"""

import numpy as np

import lawful as lf
from timing import alternate, table

MEMBERS, EPOCHS = 10, 20


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 28)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] + rng.normal(size=len(X)) > 0).astype(np.int64)

    def fit(members: int, seed: int, **settings: object) -> None:
        model = lf.Classifier(members=members, epochs=EPOCHS, patience=EPOCHS, seed=seed, **settings)
        model.fit(X, y)

    for title, settings in {"relu, no dropout": {"activation": "relu", "dropout": 0.0}, "defaults": {}}.items():

        def together(settings: dict[str, object] = settings) -> None:
            fit(MEMBERS, 0, **settings)

        def separately(settings: dict[str, object] = settings) -> None:
            for seed in range(MEMBERS):
                fit(1, seed, **settings)

        print(f"\n{title}\n")
        print(
            table(
                alternate({"one batched fit of ten": together, "ten separate fits": separately}),
                "one batched fit of ten",
            )
        )


if __name__ == "__main__":
    main()
