"""The command `alerts`, and `python -m alerts`: from the first moment on Ctrl-C ends it without a traceback."""

import _signal  # type: ignore[import-not-found]  # `signal` imports others, during which Ctrl-C would print a traceback
import atexit
import gc
import os
import sys


def start() -> None:
    """Be the program: run a command and end. What was imported is not torn down, as it ends anyway."""
    try:
        main()
        code = 0
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        code = end.code
    threads = sys.modules.get("threading")
    if threads is not None and threads.active_count() > 1:  # Python waits for them
        sys.exit(code)
    from contextlib import suppress

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # nobody reads it, or it was closed
            stream.flush()
    os._exit(code)


def main() -> None:
    """Run a command."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:  # not where it is to be ignored, as by nohup
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    _open_standard_streams()
    if "--live" in sys.argv:
        from alerts.cli.arguments import arranged
        from alerts.live_check import main as check

        check(arranged(sys.argv[1:]))
    gc.disable()  # until the command begins: what is imported stays, and to look through it takes a third of the time
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # to find plugins it reads what every package states
    try:
        from alerts.cli import main as run  # half a second of imports, during which Ctrl-C ends it

        run()
    finally:
        gc.freeze()  # else Python looks through all of it once more at the end


def _open_standard_streams() -> None:
    """Open those that were closed on /dev/null: else a database or a socket would take their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    start()
