"""``python -m cluster_ai.worker``: the Dask worker of a machine, in the sandbox.

Everything it needs comes as one line of JSON on standard input, so that no key stands in arguments or the environment. What it has to say
goes out as lines of JSON on standard output; whatever anybody prints goes to standard error. It ends when standard input does, and when
the scheduler goes: whoever started it starts it again.

The line has ``scheduler``, ``authority``, ``certificate``, ``key`` (PEM), ``name``, ``host``, ``port``, ``threads``, ``memoryLimitBytes``,
``resources``, ``profile``, ``scratch``, ``dataFolders``, and may have ``python`` (the minor version that it must be), ``sandbox``
(``required``, ``wanted``: without where there is none, ``off``: it runs no code of anybody), ``forbidden`` and ``readable`` (paths),
``node`` (the program Node.js), ``blobs`` (``url``, ``token``), ``nodeId``, ``spill`` and ``deathTimeoutSeconds``. After it may come
``{"type": "retire", "withinSeconds": 60}``.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from .lines import Teller, read_first_line, take_standard_output

KEPT_VARIABLES = frozenset(
    [
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "LD_LIBRARY_PATH",
        "CUDA_VISIBLE_DEVICES",
        "PYTHONPATH",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONNOUSERSITE",
        "PYTHONSAFEPATH",
        "PYTHONUTF8",
    ]
)
"""Of the environment. Tasks can read it, so nothing that is not named here stays in it."""


def main() -> int:
    tell = Teller(take_standard_output())
    configuration = read_first_line()
    if configuration is None:
        return 0
    problem = find_other_python(configuration) or lock_in(configuration, tell)
    if problem is not None:
        tell(type="failed", **problem)
        return 1
    from .nanny import run  # imports Dask, for which the sandbox must stand

    return run(configuration, tell)


def find_other_python(configuration: dict[str, Any]) -> dict[str, str] | None:
    """A function pickled by another minor version does not fail: it crashes whoever calls it."""
    wanted = configuration.get("python")
    ours = ".".join(str(part) for part in sys.version_info[:2])
    if wanted is None or wanted == ours:
        return None
    return {"code": "python_differs", "message": f"The scheduler runs Python {wanted}, this machine has {ours}."}


def lock_in(configuration: dict[str, Any], tell: Teller) -> dict[str, str] | None:
    """Leaves this process its scratch folder and what its tasks may use. What is wrong when that cannot be done."""
    scratch = configuration["scratch"]
    temporary = os.path.join(scratch, "tmp")
    os.makedirs(temporary, mode=0o700, exist_ok=True)
    for name in set(os.environ) - KEPT_VARIABLES:
        del os.environ[name]
    no_files = os.path.join(scratch, "no-configuration")  # what Dask finds in other places is not ours
    os.environ.update(HOME=scratch, TMPDIR=temporary, DASK_CONFIG=no_files, DASK_ROOT_CONFIG=no_files)
    wish = configuration.get("sandbox", "required")
    if wish == "off":  # for a worker that runs no code of anybody
        return None
    from . import sandbox

    try:
        tell.sandbox = sandbox.enter(
            configuration.get("readable", []),
            [scratch, *configuration.get("dataFolders", [])],
            owned=scratch,
            forbidden=configuration.get("forbidden", []),
        )
    except (sandbox.SandboxError, OSError) as error:
        if wish == "wanted" and isinstance(error, sandbox.NoSandboxError):
            return None
        return {"code": "no_sandbox", "message": str(error)}
    return None


if __name__ == "__main__":
    sys.exit(main())
