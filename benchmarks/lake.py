"""What the world `lake` asks of a network: errors of the process model, of a network, and of both together.

python benchmarks/lake.py
"""

import numpy as np

import lawful as lf
from lawful.simulators import simulate
from lawful.simulators.lake import draw_season, truth

LAKES, SIZES = (1, 4, 12), (100, 300, 600)


def rmse(a, b):
    return float(np.sqrt(np.mean((a - b) ** 2)))


def main():
    errors = [rmse(s.process.temperature, s.truth.temperature) for s in map(draw_season, range(30))]
    low, middle, high = np.percentile(errors, [25, 50, 75])
    print(f"process model, lakes 0 to 29: median {middle:.2f}, quartiles {low:.2f} and {high:.2f} degC")
    print("| lake | observations | network | network on what the process model misses | process model |")
    print("|---|---|---|---|---|")
    for lake in LAKES:
        whole = truth(lake=lake)
        names = [name for name in whole.features if name not in ("process", "heat")]
        for n in SIZES:
            seen = simulate("lake", n, seed=0, lake=lake)
            x, z = seen.frame(names), whole.frame(names)
            network = lf.Regressor(members=5, verbose=False).fit(x, seen.y)
            rest = lf.Regressor(members=5, verbose=False).fit(x, seen.y - seen["process"])
            found = [network.predict(z), rest.predict(z) + whole["process"], whole["process"]]
            print(
                "| " + " | ".join([str(lake), str(n), *(f"{rmse(values, whole.y):.2f}" for values in found)]) + " |"
            )


if __name__ == "__main__":
    main()
