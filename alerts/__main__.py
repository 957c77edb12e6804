"""The command `alerts`, and `python -m alerts`: from the first moment on Ctrl-C ends it without a traceback."""

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
    from alerts.cli import main as run  # a second of imports, during which Ctrl-C ends it

    run()


if __name__ == "__main__":
    main()
