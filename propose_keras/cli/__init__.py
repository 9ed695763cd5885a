"""The command-line programs: train, evaluate, predict, export.

The backend is loaded first, so that one that is missing is one line and no traceback.
"""

import sys

try:
    from propose_keras import backend as _backend  # noqa: F401
except ImportError as error:
    print(f"Error: {error}", file=sys.stderr)
    raise SystemExit(2) from error
