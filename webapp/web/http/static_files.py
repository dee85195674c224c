"""Static files: kept for ever by browsers where the address names the version, asked for anew where it does not."""

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class Statics(StaticFiles):
    """Starlette's static files with a Cache-Control."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        is_versioned = b"v=" in scope.get("query_string", b"")
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_versioned else "no-cache"
        return answer
