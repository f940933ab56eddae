"""Keeps the layout of docs/architecture.md: who imports whom, who reads the environment, who commits.

Everything is read from the source by ``ast``; only the last tests import the package.
"""

from __future__ import annotations

import ast
import graphlib
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "stumper"

# Each may import those before it, never one after it. Feedback comes back as rows.
ORDER = (
    "errors", "observe", "records", "store", "vlm", "campaigns", "spending",
    "images", "play", "trust", "curate", "release", "tune", "evaluate",
    "accounts", "progress",
)  # fmt: skip
STAGES = ORDER[ORDER.index("images") :]

# The embedded world is a source of pictures and truths; the game itself must not know it. It may ask a
# model, to examine what it taught.
WORLD = "toytown"
WORLD_IMPORTS = {"errors", "records", "vlm", WORLD}
MAY_IMPORT_WORLD = {"images", "tune", "evaluate"}

# What only an extra installs: imported inside the function that needs it.
HEAVY = {
    "torch", "transformers", "trl", "peft", "datasets", "accelerate", "safetensors", "onnx",
    "pyarrow", "pandas", "altair", "vl_convert", "redis", "aiogram", "aiohttp", "huggingface_hub", "ray",
    "obstore",
}  # fmt: skip

# What may open a transaction by itself: the one connection, and the migrations' scratch database.
# The driver itself commits on behalf of the database.
CONNECTS = {"stumper.store.database", "stumper.store.held", "stumper.store.migrate", "stumper.store.sqlite"}


class Import(NamedTuple):
    target: str
    """Dotted name, as deep as a module goes."""
    line: int
    at_start: bool
    """False inside a function: it runs when needed."""


@cache
def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def unit(module: str) -> str:
    """The part of the house a module belongs to: a stage's package, or a file at the top."""
    return [*module.split("."), "stumper"][1]


@cache
def imports(module: str) -> tuple[Import, ...]:
    return tuple(_imports(tree(module), at_start=True))


def _imports(node: ast.AST, *, at_start: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(child, ast.Import):
            yield from (Import(name.name, child.lineno, at_start) for name in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute here"
            for name in child.names:
                deep = f"{child.module}.{name.name}"
                yield Import(deep if deep in modules() else str(child.module), child.lineno, at_start)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, at_start=at_start and not inside)


def own(module: str) -> Iterator[Import]:
    """Imports of other parts of Stumper."""
    return (found for found in imports(module) if found.target.split(".")[0] == "stumper")


def where(module: str, line: int) -> str:
    return f"{modules()[module].relative_to(ROOT)}:{line}"


def test_a_stage_imports_only_the_stages_before_it() -> None:
    wrong = [
        f"{where(module, found.line)} imports {found.target}"
        for module in modules()
        if unit(module) in ORDER
        for found in own(module)
        if unit(found.target) not in (*ORDER[: ORDER.index(unit(module)) + 1], WORLD, "stumper")
    ]

    assert not wrong, "pass what is needed as an argument, or let it come back as a row"


def test_the_toy_world_and_the_game_do_not_know_each_other() -> None:
    wrong = [
        f"{where(module, found.line)} imports {found.target}"
        for module in modules()
        for found in own(module)
        if (unit(module) == WORLD and unit(found.target) not in {*WORLD_IMPORTS, "stumper"})
        or (unit(found.target) == WORLD and unit(module) in set(ORDER) - MAY_IMPORT_WORLD)
    ]

    assert not wrong


def test_no_file_is_imported_by_what_it_imports() -> None:
    # A port may open its adapter inside a function: that is no cycle while Python starts.
    _assert_no_cycle(
        (module, found.target) for module in modules() for found in own(module) if found.at_start
    )


def test_no_part_of_the_house_is_imported_by_what_it_imports() -> None:
    _assert_no_cycle((unit(module), unit(found.target)) for module in modules() for found in own(module))


def _assert_no_cycle(edges: Iterable[tuple[str, str]]) -> None:
    graph: dict[str, set[str]] = {}
    for importer, imported in edges:
        graph.setdefault(importer, set()).update({imported} - {importer})
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail("import cycle: " + " <- ".join(error.args[1]))


def test_only_config_reads_the_environment() -> None:
    wrong = [
        where(module, node.lineno)
        for module in modules()
        if module != "stumper.config"
        for node in ast.walk(tree(module))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and _names_environment(node))
    ]

    assert not wrong, "make it a field of config.Settings and pass its value"


def _names_environment(node: ast.ImportFrom) -> bool:
    return any(name.name in {"environ", "environb", "getenv"} for name in node.names)


def test_only_the_database_opens_and_commits_transactions() -> None:
    wrong = [
        f"{where(module, node.lineno)} calls {ast.unparse(node.func)}"
        for module in modules()
        if module not in CONNECTS
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call)
        and re.search(r"\.commit$|engine\.(begin|connect)$|^create_(async_)?engine$", ast.unparse(node.func))
    ]

    assert not wrong, "use `async with database.begin() as tx`"


def test_a_stage_keeps_its_sql_in_queries() -> None:
    wrong = [
        where(module, found.line)
        for module in modules()
        if unit(module) in (*STAGES, "front", "simulate", "experiment", "monitoring")
        and not module.endswith(".queries")
        for found in imports(module)
        if found.target == "sqlalchemy" or found.target == "stumper.store.schema"
    ]

    assert not wrong, "move the statement to the stage's queries.py"


def test_no_model_answers_inside_a_transaction() -> None:
    wrong = [
        where(module, call.lineno)
        for module in modules()
        for block in ast.walk(tree(module))
        if isinstance(block, ast.AsyncWith)
        and any(re.search(r"\.(begin|read)\(\)$", ast.unparse(item.context_expr)) for item in block.items)
        for call in ast.walk(block)
        if isinstance(call, ast.Call)
        and re.search(
            r"(model\.(answer|stream)|open_model|\.opinion|\.verdicts?|ask_about_claims)$",
            ast.unparse(call.func),
        )
    ]

    assert not wrong, "end the transaction, ask the model, open another"


def test_no_file_has_500_lines() -> None:
    files = [*SOURCE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    files.remove(SOURCE / "store" / "schema.py")  # every table stands on one page, however many there are
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}

    assert not {str(path): length for path, length in lengths.items() if length >= 500}


def test_every_module_says_what_is_in_it() -> None:
    assert not [module for module in modules() if not ast.get_docstring(tree(module))]


@pytest.mark.parametrize("module", [name for name, path in modules().items() if path.name == "__init__.py"])
def test_a_package_exports_what_it_says(module: str) -> None:
    package = importlib.import_module(module)
    if not hasattr(package, "__all__"):
        return

    brought = {
        name.asname or name.name
        for node in tree(module).body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for name in node.names
    }
    assert sorted(package.__all__) == sorted(set(package.__all__))
    assert brought - {name for name in brought if name.startswith("_")} <= set(package.__all__)
    assert [name for name in package.__all__ if not hasattr(package, name)] == []


def test_what_an_extra_brings_is_imported_when_it_is_needed() -> None:
    wrong = [
        f"{where(module, found.line)} imports {found.target}"
        for module in modules()
        for found in imports(module)
        if found.at_start and found.target.split(".")[0] in HEAVY
    ]

    assert not wrong, "import it inside the function that needs it"


def test_what_is_imported_at_the_start_is_a_dependency_of_the_base_install() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {_plain(re.split(r"[\[<>=]", line)[0]) for line in project["dependencies"]}
    # The foundations of FastAPI and of Jinja2, which pin them and hand out their types.
    declared |= {"starlette", "markupsafe"}
    distributions = packages_distributions()
    wrong = [
        f"{where(module, found.line)} imports {top}"
        for module in modules()
        for found in imports(module)
        if found.at_start and (top := found.target.split(".")[0]) not in {*sys.stdlib_module_names, "stumper"}
        if not declared & {_plain(name) for name in distributions.get(top, ())}
    ]

    assert not wrong, "name it in pyproject.toml, or import it where it is needed"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_serving_the_game_loads_nothing_heavy() -> None:
    code = (
        "import stumper.cli.play, stumper.front.web, sys; "  # all of the command `serve`
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "[]", done.stderr or done.stdout
