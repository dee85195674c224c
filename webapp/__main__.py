"""The command: `outtray …` or `python -m webapp …`."""

import sys


def main() -> None:
    """Runs the command line; every child process imports this module, so it stays empty until it is called."""
    from webapp.cli.app import run

    sys.exit(run())


if __name__ == "__main__":
    main()
