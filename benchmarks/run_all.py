"""Run every benchmark in turn and print its table.

python benchmarks/run_all.py
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    for script in (
        "start",
        "epoch",
        "members",
        "higgs",
        "reading",
        "clouds",
        "symmetries",
        "invariants",
        "units",
        "mechanisms",
        "lake",
    ):
        print(f"\n## {script}.py\n", flush=True)
        subprocess.run([sys.executable, str(HERE / f"{script}.py")], check=True)


if __name__ == "__main__":
    main()
