"""A container of the image, driven by docker or podman."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges")
STOPS_WITHIN = 10  # seconds, as `docker stop` gives it
ENDS_WITHIN = 120.0  # seconds that a busy machine may take for a command


@dataclass
class Container:
    """One container with a volume of its own, on the network of this machine. It ends with the context.

    `engine` is the command of docker or podman; `options` are more of its `run`.
    """

    engine: Sequence[str]
    image: str
    options: Sequence[str] = ()
    name: str = field(default_factory=lambda: f"alerts-{uuid.uuid4().hex[:8]}")

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine("rm", "--force", self.name, check=False)
        self._engine("volume", "rm", "--force", self.name, check=False)

    def start(self, config: Path, environ: dict[str, str]) -> None:
        """Run the daemon on a folder of configuration."""
        variables = [f"--env={name}={value}" for name, value in environ.items()]
        mounts = [f"--volume={self.name}:/data", f"--volume={config}:/config:ro"]
        self._engine(
            *("run", "--detach", f"--name={self.name}", "--network=host"),
            *(*HARDENED, *mounts, *variables, *self.options, self.image),
        )

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self._engine("stop", f"--time={STOPS_WITHIN}", self.name)
        return int(self._engine("inspect", "--format={{.State.ExitCode}}", self.name))

    def start_again(self) -> None:
        """Start it on what it has stored."""
        self._engine("start", self.name)

    def alerts(self, *arguments: str, check: bool = True) -> str:
        """Run a command in it, and return what that printed."""
        return self._engine("exec", self.name, "alerts", *arguments, check=check)

    def read(self, path: str) -> str:
        """Return the text of a file in it."""
        return self._engine("exec", self.name, "cat", path)

    def log(self) -> str:
        """Return what the daemon has printed and logged."""
        return self._engine("logs", self.name)

    def _engine(self, *arguments: str, check: bool = True) -> str:
        command = [*self.engine, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ENDS_WITHIN)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if arguments[0] == "logs" else "")
