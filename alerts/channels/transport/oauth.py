"""Tokens for a login by XOAUTH2, from a file that another program keeps fresh or from a command that prints one."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from alerts.channels.transport.time_budget import TimeBudget

COMMAND_AT_MOST = 10.0  # seconds that a command may take, within the deadline of the send
LONGEST = 16 * 1024  # characters


class TokenError(OSError):
    """There is no token. The text explains why and never shows what the file or the command contained."""

    def __init__(self, why: str) -> None:
        super().__init__(0, why)


class Tokens:
    """The tokens of one account; threads may share them. The command runs again when its last token is refused."""

    def __init__(self, file: Path | None, command: Sequence[str] | None) -> None:
        self._file = file
        self._command = command
        self._lock = Lock()
        self._kept: str | None = None

    def get(self, budget: TimeBudget) -> tuple[str, bool]:
        """Return a token, and whether it was read or printed just now. Raises TokenError."""
        if self._file is not None:
            return _usable(_read(self._file), f"the token file {self._file}"), True
        with self._lock:
            if self._kept is not None:
                return self._kept, False
            self._kept = _usable(self._from_command(budget), "what the token command prints")
            return self._kept, True

    def refused(self, token: str) -> None:
        """Forget a token that the server no longer accepts."""
        with self._lock:
            if self._kept == token:
                self._kept = None

    def _from_command(self, budget: TimeBudget) -> str:
        command = list(self._command or ())
        try:
            done = subprocess.run(  # noqa: S603 # the operator's own command, without a shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it may contain secrets, as the output does
                check=False,
                start_new_session=True,  # only the daemon handles Ctrl-C
                timeout=min(COMMAND_AT_MOST, budget.left()),
            )
        except subprocess.TimeoutExpired:
            raise TokenError("the token command timed out") from None
        except (OSError, ValueError) as error:
            raise TokenError(f"the token command cannot be run: {getattr(error, 'strerror', None) or error}") from None
        if done.returncode:
            raise TokenError(f"the token command failed (exit code {done.returncode})")
        return done.stdout[: LONGEST + 2].decode(errors="replace")


def initial_response(username: str, token: str) -> str:
    """Return the initial client response, in base64 (Gmail, "The SASL XOAUTH2 mechanism")."""
    return b64encode(f"user={username}\x01auth=Bearer {token}\x01\x01".encode()).decode()


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(LONGEST + 2).decode(errors="replace")
    except OSError as error:
        raise TokenError(f"the token file {file} cannot be read: {error.strerror}") from None


def _usable(text: str, what: str) -> str:
    token = text.strip()
    if not token or len(token) > LONGEST or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenError(f"{what} is no token: expected ASCII without spaces")
    return token
