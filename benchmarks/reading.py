"""Reading a large ROOT and a large Parquet file: time and memory of lawful against uproot and pyarrow alone.

Run as `python benchmarks/reading.py [--rows N] [--runs N]`. Each measurement is a process of its own; rivals take
turns, so that a busy machine or a warm file cache favours none. Memory is the peak of the process above what it held
after its imports, as a multiple of the bytes of the columns.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from separate import Found, compare, measured, median, median_ratio

FEATURES = 28


def make_root(path: Path, rows: int) -> int:
    """A ROOT file of float32 branches as uproot writes it, in baskets of 100,000; gives the bytes of its columns."""
    import uproot

    rng = np.random.default_rng(0)
    with uproot.recreate(path, compression=uproot.LZ4(1)) as file:
        tree = file.mktree("events", {f"x{j}": np.float32 for j in range(FEATURES)})
        for start in range(0, rows, 100_000):
            n = min(100_000, rows - start)
            tree.extend({f"x{j}": rng.normal(size=n).astype(np.float32) for j in range(FEATURES)})
    return rows * FEATURES * 4


def make_parquet(path: Path, rows: int) -> int:
    """A Parquet file of float32 columns as pyarrow writes it, row groups of 2^20; gives the bytes of its columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    schema = pa.schema([(f"x{j}", pa.float32()) for j in range(FEATURES)])
    with pq.ParquetWriter(path, schema, use_dictionary=False) as writer:
        for start in range(0, rows, 1 << 20):
            n = min(1 << 20, rows - start)
            columns = [pa.array(rng.standard_normal(n, dtype=np.float32)) for _ in range(FEATURES)]
            writer.write_table(pa.table(columns, schema=schema))
    return rows * FEATURES * 4


def measure(rival: str, path: str) -> None:
    """Read the file once in this process and print seconds and peak memory as JSON."""
    if rival == "lawful":
        from lawful.data import read
        from lawful.data.formats import format_of

        format_of(Path(path))._load("open_table")  # the import of uproot or pyarrow is not what is measured

        def work() -> object:
            return read(path)
    elif path.endswith(".root"):
        import uproot

        def work() -> object:
            with uproot.open(path) as file:
                return file["events"].arrays(library="np")
    else:
        import pyarrow.parquet as pq

        def work() -> object:
            return pq.read_table(path)

    measured(work)


def row(name: str, found: Found, size: int) -> str:
    """A line of the table: medians over the runs, and the median of the ratios run by run."""
    cells = [
        name,
        f"{size / 1e9:.2f} GB",
        f"{median(found, 'lawful', 'wall'):.2f} s",
        f"{median(found, 'peer', 'wall'):.2f} s",
        f"{median_ratio(found, 'wall'):.2f}",
        f"{median_ratio(found, 'cpu'):.2f}",
        f"{median(found, 'lawful', 'memory') / size:.2f}",
        f"{median(found, 'peer', 'memory') / size:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Make the files, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--root-rows", type=int, default=1_000_000)
    parser.add_argument("--parquet-rows", type=int, default=9_000_000)
    arguments = parser.parse_args()
    print("| file | columns | lawful | peer | wall ratio | CPU ratio | memory / columns | peer's memory / columns |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, make, rows, path in (
            ("ROOT, uproot `arrays`", make_root, arguments.root_rows, Path(folder, "events.root")),
            ("Parquet, pyarrow `read_table`", make_parquet, arguments.parquet_rows, Path(folder, "events.parquet")),
        ):
            size = make(path, rows)
            print(row(name, compare("reading", str(path), runs=arguments.runs), size), flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
