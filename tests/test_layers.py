"""The layers of the package, read from its imports; and other rules that source code can break.

Imports point to lower layers. Within a layer they may point to the same package, or to a stage
that stands before it in the journey of an order id, which is the order of the names here. No
modules import each other, not even for types.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import re
from pathlib import Path

import pytest

import ttsframe

LAYERS = (
    ("errors", "columns", "text", "money", "config"),
    ("ids", "marks", "gateway", "ratelimit"),
    ("cache", "client", "readers"),
    ("report", "references", "matching"),
    ("accessor", "sandbox", "cli", "__init__", "__main__"),
)
PLACES = {stage: (layer, place) for layer, row in enumerate(LAYERS) for place, stage in enumerate(row)}
PURE = ("text", "money", "ids", "marks", "gateway", "ratelimit")
DOORS = {
    *("os", "pathlib", "shutil", "tempfile", "sqlite3"),
    *("socket", "ssl", "http", "urllib", "requests", "requests_cache", "urllib3"),
    *("time", "datetime", "threading"),
}

ROOT = Path(ttsframe.__file__).parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}
every_module = pytest.mark.parametrize("module", MODULES)

_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MUTABLE_CALLS = {
    *("list", "dict", "set", "bytearray", "deque", "defaultdict", "OrderedDict", "Counter"),
    *("WeakKeyDictionary", "WeakValueDictionary"),
}

_CHANGING = {
    *("append", "extend", "insert", "pop", "popitem", "remove", "clear", "sort", "reverse"),
    *("add", "discard", "update", "setdefault", "appendleft", "popleft"),
}
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")


@functools.cache
def tree(module):
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def stage_of(module):
    return module.split(".", maxsplit=1)[0]


def imports_of(module):
    """Names of the modules that a module imports, wherever the import stands, also from their package."""
    found = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively"
            for name in (f"{node.module}.{alias.name}" for alias in node.names):
                found.append(name if name.removeprefix("ttsframe.") in MODULES else node.module)
    return found


def modules_imported(module):
    names = {name for name in imports_of(module) if name.split(".")[0] == "ttsframe"}
    return {"__init__" if name == "ttsframe" else name.removeprefix("ttsframe.") for name in names}


def stages_imported(module):
    return sorted({stage_of(name) for name in modules_imported(module)})


def may_import(stage, other):
    """Whether `other` is the same package, a lower layer, or an earlier stage of the same one."""
    return other in ("__init__", stage) or PLACES[other] < PLACES[stage]


def outside(module):
    return {name.split(".", maxsplit=1)[0] for name in imports_of(module)} - {"ttsframe"}


@every_module
def test_layers__every_module_has_its_layer(module):
    assert stage_of(module) in PLACES


@every_module
def test_layers__imports_point_down(module):
    stage = stage_of(module)
    assert [other for other in stages_imported(module) if not may_import(stage, other)] == []


@pytest.mark.parametrize(
    ("stage", "other", "allowed"),
    [
        ("gateway", "errors", True),
        ("gateway", "ids", True),
        ("ids", "gateway", False),
        ("ids", "cache", False),
        ("report", "matching", False),
        ("matching", "report", True),
        ("client", "cache", True),
        ("cache", "client", False),
        ("client", "client", True),
        ("references", "cli", False),
    ],
)
def test_layers__rule_tells_up_from_down(stage, other, allowed):
    assert may_import(stage, other) is allowed


def test_layers__no_modules_import_each_other():
    graphlib.TopologicalSorter({module: modules_imported(module) for module in MODULES}).prepare()


def test_layers__rule_sees_imports_for_types_and_of_submodules():
    assert {"accessor", "cli", "sandbox"} <= modules_imported("__init__") | modules_imported("__main__")
    assert {"client.retry", "client.transport", "gateway"} <= modules_imported("client.workers")


@pytest.mark.parametrize("module", [module for module in MODULES if stage_of(module) in PURE])
def test_layers__pure_modules_have_no_clock_disk_or_socket(module):
    names = set(imports_of(module)) - {"urllib.parse"}
    assert [name for name in names if name.split(".", maxsplit=1)[0] in DOORS] == []


@every_module
def test_layers__only_the_transport_imports_requests(module):
    assert ("requests" in outside(module)) is (module == "client.transport")


def mutable_globals(source):
    """Names of module globals that hold something mutable and are no constants."""
    return [name for name in _holders(source) if not _CONSTANT.fullmatch(name) and name != "__all__"]


def changed_constants(source):
    """Names of constants that the module changes in place."""
    names = set(_holders(source))
    changed = []
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            changed += [node.func.value] * (node.func.attr in _CHANGING)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed.append(node.value)
        elif isinstance(node, ast.AugAssign):
            changed.append(node.target)
    return [name for name in map(ast.unparse, changed) if name in names]


def _holders(source):
    for node in source.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and _is_mutable(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from map(ast.unparse, targets)


def _is_mutable(value):
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).rsplit(".", maxsplit=1)[-1] in _MUTABLE_CALLS
    return isinstance(value, _MUTABLE)


@every_module
def test_globals__mutable_ones_are_constants(module):
    assert mutable_globals(tree(module)) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("_seen = {}", ["_seen"]),
        ("_seen: dict[str, int] = {}", ["_seen"]),
        ("import collections\n_seen = collections.deque()", ["_seen"]),
        ("NAMES: dict[str, int] = {}", []),
        ("_NAMES = {'a': 1}", []),
        ("names = frozenset({1})", []),
        ("__all__ = ['lookup']", []),
        ("def f():\n    seen = []", []),
    ],
)
def test_globals__rule_tells_state_from_constants(source, found):
    assert mutable_globals(ast.parse(source)) == found


@every_module
def test_globals__constants_are_not_changed(module):
    assert changed_constants(tree(module)) == []


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("SEEN = []\ndef f(x):\n    SEEN.append(x)", ["SEEN"]),
        ("_SEEN = {}\ndef f(x):\n    _SEEN[x] = 1", ["_SEEN"]),
        ("_SEEN = {}\ndef f(x):\n    del _SEEN[x]", ["_SEEN"]),
        ("SEEN = {1}\nSEEN |= {2}", ["SEEN"]),
        ("SEEN = {}\ndef f(x):\n    return SEEN[x]", []),
        ("SEEN = {}\ndef f(seen):\n    seen.update(SEEN)", []),
    ],
)
def test_globals__rule_tells_a_changed_constant(source, changed):
    assert changed_constants(ast.parse(source)) == changed


@every_module
def test_globals__none_is_rebound(module):
    assert [node.names for node in ast.walk(tree(module)) if isinstance(node, ast.Global)] == []


def caches(source):
    """Functions that keep what they returned, and how much: a module global that is easily missed."""
    kept = {}
    for node in ast.walk(source):
        for decorator in getattr(node, "decorator_list", []):
            name, _, bound = ast.unparse(decorator).partition("(")
            if name.rsplit(".", maxsplit=1)[-1] in ("cache", "lru_cache"):
                kept[node.name] = bound.removesuffix(")") or ("128" if "lru" in name else "maxsize=None")
    return kept


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("@functools.cache\ndef f(): ...", {"f": "maxsize=None"}),
        ("@cache\ndef f(): ...", {"f": "maxsize=None"}),
        ("@lru_cache(maxsize=None)\ndef f(): ...", {"f": "maxsize=None"}),
        ("@functools.lru_cache\ndef f(): ...", {"f": "128"}),
        ("class A:\n    @lru_cache(maxsize=4)\n    def f(self): ...", {"f": "maxsize=4"}),
        ("@functools.cached_property\ndef f(): ...", {}),
        ("cache = 1\ndef f(): ...", {}),
    ],
)
def test_globals__rule_finds_caches(source, found):
    assert caches(ast.parse(source)) == found


def test_globals__only_the_shared_rates_are_cached_without_bound():
    kept = {module: [*found.values()] for module in MODULES if (found := caches(tree(module)))}
    assert kept == {
        "cache.codec": ["maxsize=1"],
        "sandbox.http": ["maxsize=64", "maxsize=4"],
        "references.shop": ["maxsize=None"],
    }
