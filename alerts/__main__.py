"""The command `alerts`, and `python -m alerts`: from the first moment on Ctrl-C ends it without a traceback."""

import gc
import os
import signal
import sys


def main() -> None:
    """Run a command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is to be ignored, as by nohup
        signal.signal(signal.SIGINT, signal.SIG_DFL)
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


if __name__ == "__main__":
    main()
