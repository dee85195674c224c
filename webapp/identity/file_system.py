"""Refuses SQLite on a network file system: its locks and its shared memory do not work between machines."""

import os
from pathlib import Path

from sqlalchemy import make_url

from webapp.errors import UserError
from webapp.settings import Settings

MOUNTS = Path("/proc/self/mountinfo")  # Linux; elsewhere nothing is known, and nothing refused
NETWORK = {"9p", "afs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2"}
NETWORK |= {"orangefs", "smb2", "smb3", "smbfs"}
FUSE = {"blobfuse", "blobfuse2", "ceph", "ceph-fuse", "davfs", "davfs2", "gcsfuse", "glusterfs", "goofys", "juicefs"}
FUSE |= {"mount.davfs", "mountpoint-s3", "nfs", "rclone", "s3fs", "s3backer", "seaweedfs", "smbnetfs", "sshfs"}


def require_local(settings: Settings) -> None:
    """Raises UserError if the database is an SQLite file on a network file system."""
    if not settings.is_sqlite:
        return
    folder = Path(make_url(settings.database).database or ".").absolute().parent
    found = type_of(folder)
    if is_network(found):
        raise UserError(
            f"{folder} is on a network file system ({found}), where SQLite loses data. Set OUTTRAY_DATA_DIR to a "
            "folder on a local disk, or OUTTRAY_DATABASE_URL to a PostgreSQL database."
        )


def is_network(file_system: str) -> bool:
    """Returns True for a type, as Linux names it, whose files other machines may have open."""
    kind, _, subtype = file_system.partition(".")
    return file_system in NETWORK or (kind == "fuse" and subtype in FUSE)


def type_of(folder: Path) -> str:
    """Returns the type of the file system that holds the folder, such as `ext4` or `fuse.sshfs`; empty if unknown."""
    try:
        lines = MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    real = Path(os.path.realpath(folder))
    mounts = [_read(line) for line in lines]
    holding = [(len(point.parts), kind) for point, kind in mounts if real.is_relative_to(point)]
    longest = max((length for length, _ in holding), default=0)
    return next((kind for length, kind in reversed(holding) if length == longest), "")  # the last is on top


def _read(line: str) -> tuple[Path, str]:
    """Reads `36 35 98:0 /root /mount/point options … - type source options` (proc(5)); spaces are written `\\040`."""
    before, _, after = line.partition(" - ")
    point = before.split(" ")[4].encode().decode("unicode_escape").encode("latin-1").decode(errors="replace")
    return Path(point), after.split(" ")[0]
