"""Docstrings say what the signature says; the public verbs say everything."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

import pytest

import ttsframe

_UNDERLINED = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
VERBS = [name for name in ttsframe.__all__ if inspect.isfunction(getattr(ttsframe, name))]


def members():
    """Every function, class and method that ttsframe defines, by its full name."""
    found = {}
    for module_info in pkgutil.walk_packages(ttsframe.__path__, "ttsframe."):
        if module_info.name.endswith("__main__"):
            continue
        module = importlib.import_module(module_info.name)
        for value in vars(module).values():
            if getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(value):
                found[f"{module.__name__}.{value.__qualname__}"] = value
            elif inspect.isclass(value):
                found[f"{module.__name__}.{value.__qualname__}"] = value
                found |= {
                    f"{module.__name__}.{method.__qualname__}": method
                    for method in vars(value).values()
                    if inspect.isfunction(method)
                }
    return found


def section(value, name):
    """The text of a section of a docstring; None where there is none."""
    parts = _UNDERLINED.split(inspect.getdoc(value) or "")
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(name)


def documented(value):
    return [
        name.strip().lstrip("*")
        for line in section(value, "Parameters").splitlines()
        if line and not line.startswith(" ")
        for name in line.split(",")
    ]


def parameters(value):
    return [name for name in inspect.signature(value).parameters if name not in ("self", "cls")]


MEMBERS = members()
WITH_PARAMETERS = sorted(name for name, value in MEMBERS.items() if section(value, "Parameters"))


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_docstring__names_the_parameters_in_their_order(name):
    assert documented(MEMBERS[name]) == parameters(MEMBERS[name])


@pytest.mark.parametrize("name", VERBS)
def test_docstring__verbs_tell_parameters_returns_and_errors(name):
    verb = getattr(ttsframe, name)
    assert [part for part in ("Parameters", "Returns", "Raises") if not section(verb, part)] == []
