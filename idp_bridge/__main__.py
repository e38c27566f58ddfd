"""The command line `idp-bridge`: reads arguments, runs one command, says errors in a sentence."""

import sys

from idp_bridge.app.commands import parser
from idp_bridge.core.errors import BridgeError
from idp_bridge.settings import SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code of the process."""
    chosen = parser().parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except KeyboardInterrupt:
        return 130
    except (BridgeError, SettingsError) as error:
        print(f"idp-bridge: {error}", file=sys.stderr)
        return int(getattr(error, "exit_code", 1))
    return code


if __name__ == "__main__":
    sys.exit(main())
