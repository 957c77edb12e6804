"""The HTTP server as the daemon sees it: a child process that is started, watched and started again.

Planning and sending share no interpreter with it. Whatever becomes of it, no alert waits.
"""

from __future__ import annotations

import http.client
import logging
import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from ipaddress import ip_address

from alerts.clock import monotonic

log = logging.getLogger(__name__)

POLL = 10.0  # seconds between two questions whether it answers
STARTING = 60.0  # seconds that a start may take, with all its imports on a busy machine
ANSWERS_WITHIN = 5.0  # seconds
HUNG_AFTER = 3  # questions without an answer
SETTLED = 10.0  # seconds that it must have answered for: then it is back
GRACE = 6.0  # seconds for requests under way at its end; then it is killed
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before it is started again
LONGEST_REASON = 4096  # bytes
READ_WITHIN = 2.0  # seconds after its end
LITTLE_MEMORY = {"MALLOC_ARENA_MAX": "2"}  # the C library would keep memory for each thread that handles requests


@dataclass(frozen=True, slots=True, kw_only=True)
class WebCommand:
    """How the HTTP server is started, and where it then listens. `shown` is the address that people know."""

    command: tuple[str, ...] = field(repr=False)  # may hold the password of a database
    host: str
    port: int
    shown: str


@dataclass(slots=True, eq=False)
class _Child:
    process: subprocess.Popen[bytes]
    began: float
    answered: float | None = None  # when it first answered, without a failure since
    unanswered: int = 0
    reason: str = ""
    is_read: threading.Event = field(default_factory=threading.Event)  # set when the reason is known


class WebProcess:
    """Keeps the HTTP server running, if there is to be one. `problem` says what is wrong with it now."""

    def __init__(self, command: WebCommand | None) -> None:
        self._command = command
        self._event = threading.Event()  # set when the child has ended, or something else is to be done
        self._taken_over = False
        self._stopped = False
        self._thread = threading.Thread(target=self._keep_running, name="web-process", daemon=True)
        self._pause = FIRST_PAUSE
        self.problem: str | None = None

    def start(self) -> None:
        """Begin to run it."""
        self._thread.start()

    def take_over(self, command: WebCommand | None) -> None:
        """Run it anew by a configuration that was taken over."""
        self._command, self._taken_over = command, True
        self._event.set()

    def stop(self) -> None:
        """Let it finish the requests under way, and end."""
        self._stopped = True
        self._event.set()

    def end(self) -> None:
        """Wait until it has ended."""
        if self._thread.is_alive():
            self._thread.join(GRACE + 1)

    def _keep_running(self) -> None:
        while not self._stopped:
            self._taken_over = False  # first: what is taken over from now on is seen below
            command = self._command
            if command is None:
                self.problem = None
                self._event.wait()
                self._event.clear()
                continue
            try:
                problem = self._run(command)
            except Exception as error:  # such as no memory for a process
                log.debug("the HTTP server", exc_info=True)
                problem = f"it cannot be started: {error}"
            if problem is not None:
                self._note(command, problem)
                self._wait_before_the_next()

    def _run(self, command: WebCommand) -> str | None:
        """Run it until it ends, and return why; None where it was to end."""
        child = self._spawn(command)
        try:
            while not (self._stopped or self._taken_over):
                self._event.wait(POLL if child.answered else FIRST_PAUSE)
                self._event.clear()
                if child.process.poll() is not None:
                    child.is_read.wait(READ_WITHIN)  # what it wrote last may not have been read yet
                    return child.reason or _how_it_ended(child.process.returncode)
                if not (self._stopped or self._taken_over) and (hung := self._ask(command, child)):
                    return hung
        finally:
            _end(child.process)
        return None

    def _spawn(self, command: WebCommand) -> _Child:
        process = subprocess.Popen(  # noqa: S603  # the command is our own
            command.command,
            stdin=subprocess.PIPE,  # closes when this process ends, and with it the child
            stdout=subprocess.PIPE,
            env=LITTLE_MEMORY | os.environ,
            start_new_session=True,  # Ctrl-C is for the daemon, which then ends the child
        )
        child = _Child(process, monotonic())
        threading.Thread(target=self._read, args=(child,), daemon=True).start()
        return child

    def _read(self, child: _Child) -> None:
        """Read why a child ends, and wake the thread that runs it."""
        output = child.process.stdout
        assert output is not None
        with output:
            child.reason = output.read(LONGEST_REASON).decode(errors="replace").strip()
            child.is_read.set()
            while output.read(LONGEST_REASON):
                pass
        child.process.wait()
        self._event.set()

    def _ask(self, command: WebCommand, child: _Child) -> str | None:
        """Ask whether it is alive. Return what is wrong where it has not answered for too long."""
        now = monotonic()
        if _answers(command):
            child.unanswered = 0
            if child.answered is None:
                child.answered = now
                if not self.problem:
                    log.info("the HTTP server is at %s", command.shown)
            if self.problem and now - child.answered >= SETTLED:
                log.info("the HTTP server at %s is back", command.shown)
                self.problem = None
            if now - child.answered >= SETTLED:
                self._pause = FIRST_PAUSE
            return None
        if child.answered is None:
            return "it does not start" if now - child.began > STARTING else None
        child.unanswered += 1
        return "it does not answer" if child.unanswered >= HUNG_AFTER else None

    def _note(self, command: WebCommand, problem: str) -> None:
        """Log a problem where it begins, and keep it for the health."""
        line = f"the HTTP server at {command.shown} is down: {problem}"
        if not self.problem:
            log.warning("%s; it is started again, and alerts go out as usual", line)
        self.problem = line

    def _wait_before_the_next(self) -> None:
        until = monotonic() + self._pause
        while not (self._stopped or self._taken_over) and (left := until - monotonic()) > 0:
            self._event.wait(left)
            self._event.clear()
        self._pause = min(2 * self._pause, LONGEST_PAUSE)


def _answers(command: WebCommand) -> bool:
    """Whether the server answers on its own address."""
    address = ip_address(command.host)
    host = command.host
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    connection = http.client.HTTPConnection(host, command.port, timeout=ANSWERS_WITHIN)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _how_it_ended(code: int) -> str:
    return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with status {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a child: it gets time for requests under way, unless it does not react."""
    if process.stdin:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
