"""Time until `lawful --help` has answered and `import lawful` is done, as whole processes.

python benchmarks/start.py
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import lawful": [sys.executable, "-c", "import lawful"],
        "lawful --help": [str(Path(sys.executable).with_name("lawful")), "--help"],
    }
    print("| command | median s | worst s |")
    print("|---|---|---|")
    for name, command in commands.items():
        times = []
        for _ in range(12):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times.append(time.perf_counter() - start)
        print(f"| `{name}` | {statistics.median(times[1:]):.3f} | {max(times[1:]):.3f} |")


if __name__ == "__main__":
    main()
