"""Sends a file of the store; what a client asks of its bytes is read in ranges.py."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from fastapi import HTTPException, Request
from fastapi.responses import FileResponse

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target
from webapp.installation import Installation
from webapp.web.http.ranges import is_beyond

PRIVATE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}

SAME_SENDING = timedelta(hours=12)


def file_response(
    request: Request, path: Path, *, media_type: str = "application/octet-stream", headers: Mapping[str, str]
) -> FileResponse:
    """Returns the bytes, or the range of them that is asked for; raises HTTPException 416 if nothing lies in it."""
    size = path.stat().st_size
    if is_beyond(request, size, headers.get("ETag", "")):
        raise HTTPException(416, headers={"Content-Range": f"bytes */{size}"})
    return FileResponse(path, media_type=media_type, headers={**PRIVATE, **headers})


def is_beginning(request: Request) -> bool:
    """Returns True if the request begins with the first byte of the file."""
    start = request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0]
    return start == "0"


def record_sending(request: Request, installation: Installation, action: AuditAction, target: Target) -> None:
    """Records that a file is sent; further parts of it are the same sending, for a while."""
    with installation.write() as conn:
        if is_beginning(request):
            trail.record(conn, action, target)
        else:
            trail.record_once(conn, action, target, "", SAME_SENDING)


def attachment(name: str) -> Mapping[str, str]:
    """Returns the header that names a download (RFC 6266); the plain name is for clients that cannot read the other."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}


def checksum(sha256: str) -> Mapping[str, str]:
    """Returns the header by which a client checks that a continued download is the same file."""
    return {"ETag": f'"{sha256}"'}
