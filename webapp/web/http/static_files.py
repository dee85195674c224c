"""Static files and their addresses: browsers store a file for a year under an address that changes with its content."""

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from webapp import paths

FOREVER = "public, max-age=31536000, immutable"
MODULES = "js"  # the folder of the script modules
_VERSIONED_MODULE = re.compile(rf"{MODULES}/([0-9a-f]{{10}})/([^/]+)")


@cache
def asset(name: str) -> str:
    """Returns the address of a static file.

    Script modules import each other by relative addresses, so all of them share a version, which stands in the path.
    """
    folder, _, file = name.rpartition("/")
    if folder == MODULES:
        return f"/static/{MODULES}/{modules_version()}/{file}"
    return f"/static/{name}?v={_digest([paths.STATIC / name])}"


@cache
def modules_version() -> str:
    """Returns ten hex digits that change with the content of any script module."""
    return _digest(sorted((paths.STATIC / MODULES).glob("*.js")))


def _digest(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:10]


class Statics(StaticFiles):
    """Starlette's static files with versions in addresses, and with a Cache-Control."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answers with the file as it is now, whatever version the address names."""
        match = _VERSIONED_MODULE.fullmatch(path)
        if match:
            path, is_versioned = f"{MODULES}/{match[2]}", match[1] == modules_version()
        else:
            is_versioned = b"v=" in scope.get("query_string", b"")
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = FOREVER if is_versioned else "no-cache"
        return answer
