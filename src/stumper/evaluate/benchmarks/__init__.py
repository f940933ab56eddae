"""The paper's ten benchmarks, run by another harness in its own environment: what to run, what it said."""

from stumper.evaluate.benchmarks.plan import Plan, write_plan
from stumper.evaluate.benchmarks.read import read_pair, read_results
from stumper.evaluate.benchmarks.reading import Reading, Results
from stumper.evaluate.benchmarks.table import BOUND, Row, Table, compare
from stumper.evaluate.benchmarks.ten import TEN, Benchmark, Harness, benchmark_named

__all__ = [
    "BOUND",
    "TEN",
    "Benchmark",
    "Harness",
    "Plan",
    "Reading",
    "Results",
    "Row",
    "Table",
    "benchmark_named",
    "compare",
    "read_pair",
    "read_results",
    "write_plan",
]
