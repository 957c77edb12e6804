"""What all processes of the tests share starts once, and what one of them leaves running ends with it."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests import run_wide
from tests.patience import PATIENCE

# As another process of the tests: it starts one that sleeps, says which it is, and ends with its standard input.
OTHER = """
import sys
from tests import run_wide, test_run_wide
run_wide.ask_at(sys.argv[1])
print(test_run_wide.sleeping(run_wide.forking([])), flush=True)
sys.stdin.read()
"""


def sleeping(orders: socket.socket) -> int:
    """Start a process that sleeps; returns its process id."""
    order = {"module": "timeit", "arguments": ["-s", "import time", "time.sleep(600)"], "cwd": "/", "env": {}}
    with Path(os.devnull).open("r+b") as nothing:
        socket.send_fds(orders, [json.dumps(order).encode()], [nothing.fileno()] * 3)
    return int(orders.recv(20))


def parent(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text(encoding="ascii").split()[3]


def has_ended(watched: int, within: float = PATIENCE) -> bool:
    return bool(select.select([watched], [], [], within)[0])


def test_two_processes_of_the_tests_share_one_and_what_one_leaves_running_ends_with_it_alone() -> None:
    command, pipe = [sys.executable, "-c", OTHER, run_wide.door()], subprocess.PIPE
    with (
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=run_wide.ROOT) as other,
        ExitStack() as open_,
    ):
        ours = open_.enter_context(run_wide.forking([]))
        assert other.stdout
        processes = sleeping(ours), int(other.stdout.readline())
        mine, theirs = (os.pidfd_open(process) for process in processes)
        open_.callback(os.close, mine)
        open_.callback(os.close, theirs)
        assert parent(processes[0]) == parent(processes[1])
        other.kill()
        assert has_ended(theirs)
        assert not has_ended(mine, 0)
        ours.close()
        assert has_ended(mine)
