"""What benchmarks share: commands and daemons in processes of their own, helpers in others, and what each uses."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import requests

STARTS_WITHIN = 60  # seconds
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process used: CPU seconds of all its threads, seconds until its end, peak memory in MB; its exit code."""

    cpu: float
    seconds: float
    megabytes: float
    status: int


def program(config: Path) -> list[str]:
    """Return the command line that runs the program with a configuration; add a command."""
    return [sys.executable, "-m", "alerts", "--config", str(config)]


def run(line: Sequence[str], folder: Path | None = None, output: Path | None = None) -> Usage:
    """Run a command line in a folder, and wait for its end; what it prints goes to a file, or nowhere."""
    with (output or Path(os.devnull)).open("wb") as file:
        began = time.perf_counter()
        process = subprocess.Popen(line, cwd=folder, stdout=file, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(usage.ru_utime + usage.ru_stime, seconds, usage.ru_maxrss / 1024, process.returncode)


@contextmanager
def daemon(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon, and end it afterwards."""
    process = subprocess.Popen([*program(config), "run"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def wait_until_ready(port: int) -> None:
    """Wait until the HTTP server of a daemon answers. Raises SystemExit where it does not."""
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        try:
            if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 204:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise SystemExit("the HTTP server does not start")


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process that runs."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


@contextmanager
def helper(target: Callable[..., object], *arguments: object) -> Iterator[Connection]:
    """Call a function in another process with a connection and arguments; yield our end, and end it afterwards."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()  # reading then fails if the process ends
    try:
        yield ours
    finally:
        process.terminate()
        process.join()
