"""The table of options says what the verbs' signatures say; errors name options as they are typed."""

from __future__ import annotations

import inspect

import pytest

import ttsframe as tts
from ttsframe.cli.options import COMMANDS, EXPLAIN, LOOKUP, RECONCILE, SANDBOX, in_cli_terms, parser
from ttsframe.errors import InputError
from ttsframe.sandbox import Behaviour
from ttsframe.sandbox import run as run_sandbox

# What a verb takes and a shell gives otherwise or not at all; and what only a shell has.
LOOKUP_ONLY = {"orders", "shop", "progress", "known", "verify"}, {"files", "output", "ids", "plan"}
OF_A_SIDE = {
    f"{side}_{what}" for side in ("tiktok", "shopify", "settlement") for what in ("columns", "currency")
}
HEAD = ("client", "comments", "prepared_by", "reviewed_by", "reference")
RECONCILE_ONLY = (
    {"paths", "columns", "currency", "max_age", "level", "offline", "column", "period", *LOOKUP_ONLY[0]},
    {"output", "ids", "ask", "no_lookup", "exit_zero", "from", "to", "json", *HEAD, *OF_A_SIDE},
)
EXPLAIN_ONLY = {"paths", "columns", "currency", "probable", "period"}, {"order", "ticket", *OF_A_SIDE}


def parameters_of(*verbs):
    return {name: each for verb in verbs for name, each in inspect.signature(verb).parameters.items()}


def defaults_of(command):
    """What a command takes for each option that is not given."""
    required = [option.flags[-1] for option in command.options if option.kwargs.get("required")]
    needed = [word for flag in required for word in (flag, "x")]
    bare = ["x"] * any(not option.flags[0].startswith("-") for option in command.options)
    return vars(parser().parse_args([command.name, *bare, *needed]))


@pytest.mark.parametrize(
    ("command", "verbs", "only"),
    [
        (LOOKUP, (tts.lookup,), LOOKUP_ONLY),
        (LOOKUP, (tts.lookup, tts.plan), LOOKUP_ONLY),
        (RECONCILE, (tts.match, tts.read_tiktok_orders, tts.lookup), RECONCILE_ONLY),
        (EXPLAIN, (tts.match, tts.read_tiktok_orders), EXPLAIN_ONLY),
    ],
    ids=["lookup", "plan", "reconcile", "explain"],
)
def test_options__are_the_parameters_of_the_verbs(command, verbs, only):
    options = {option.name for option in command.options}
    assert options - only[1] == set(parameters_of(*verbs)) - only[0]
    assert only[1] <= options


@pytest.mark.parametrize(
    ("command", "verbs"), [(LOOKUP, (tts.lookup,)), (RECONCILE, (tts.read_tiktok_orders, tts.match))]
)
def test_options__have_the_verbs_defaults(command, verbs):
    parameters, defaults = parameters_of(*verbs), defaults_of(command)
    shared = set(parameters) & set(defaults) - {"platform", "tiktok", "shopify"}
    assert len(shared) >= 4
    assert {name: defaults[name] for name in shared} == {name: parameters[name].default for name in shared}


def test_options__platform_names_the_verbs_default():
    options = (*LOOKUP.options, *RECONCILE.options)
    (text,) = {option.help for option in options if option.name == "platform"}
    assert f"(default: {parameters_of(tts.lookup)['platform'].default})" in text


def test_options__of_the_sandbox_have_the_defaults_of_its_behaviour():
    defaults, behaviour = defaults_of(SANDBOX), Behaviour()
    assert defaults["port"] == parameters_of(run_sandbox)["port"].default
    assert (defaults["rate"], defaults["latency"], defaults["faults"], defaults["shape"]) == (
        behaviour.rate_per_second,
        behaviour.latency_seconds,
        behaviour.fault_share,
        behaviour.shape,
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_options__help_of_every_command_names_all_of_them(command, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args([command.name, "--help"])
    out = capsys.readouterr().out
    flags = [option.flags[-1] for option in command.options if option.flags[-1].startswith("-")]
    assert [flag for flag in flags if flag not in out] == []
    assert ("exit status" in out) is bool(command.exit_1)


@pytest.mark.parametrize(
    ("error", "command", "shown"),
    [
        (InputError("is not a duration", parameter="max_age"), "lookup", "--max-age: is not a duration"),
        (InputError("no such file", parameter="files"), "lookup", "files: no such file"),
        (InputError("is for Python only", parameter="shop"), "lookup", "shop: is for Python only"),
        (
            InputError("max_age stays a word of the sentence"),
            "lookup",
            "max_age stays a word of the sentence",
        ),
    ],
)
def test_errors__name_the_parameter_as_the_shell_does(error, command, shown):
    assert in_cli_terms(error, command) == shown
