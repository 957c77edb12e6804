"""The arguments of a command line, before the command is imported."""

from __future__ import annotations

from collections.abc import Sequence

FOR_ALL = ("--config", "--database")  # each takes a value, and stands before the command or after it


def arranged(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the options of all commands first.

    `help COMMAND` becomes `COMMAND --help`. What comes after `--` is left as it is.
    """
    options: list[str] = []
    others: list[str] = []
    left = list(arguments)
    while left and left[0] != "--":
        argument = left.pop(0)
        if argument in FOR_ALL:
            options += [argument, *left[:1]]
            del left[:1]
        elif argument.startswith(tuple(f"{name}=" for name in FOR_ALL)):
            options.append(argument)
        else:
            others.append(argument)
    if others[:1] == ["help"]:
        others = [*others[1:2], "--help"]
    return [*options, *others, *left]


def command_of(arguments: Sequence[str]) -> str | None:
    """Return the command that arranged arguments name; None if they name none."""
    left = list(arguments)
    while left:
        argument = left.pop(0)
        if argument in FOR_ALL:
            del left[:1]
        elif not argument.startswith("-"):
            return argument
    return None
