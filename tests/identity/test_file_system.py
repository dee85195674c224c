"""SQLite on a network file system is refused; local disks and PostgreSQL are not."""

import pytest

from tests import postgres
from webapp.cli import check, opening
from webapp.errors import UserError
from webapp.identity import file_system
from webapp.settings import Settings

NETWORK = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "afs"]
LOCAL = ["ext4", "xfs", "btrfs", "overlay", "tmpfs", "zfs", "fuseblk", "fuse.mergerfs", "virtiofs", "vfat"]


@pytest.fixture
def mounted(monkeypatch, tmp_path):
    """Makes Linux say that this folder is on a file system of that type, beside other mounts."""

    def mount(folder, kind: str) -> None:
        point = str(folder).replace(" ", "\\040")
        lines = [
            "22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda rw",
            f"36 22 0:32 / {point} rw,relatime shared:2 master:1 - {kind} server:/export rw,vers=4.2",
            f"37 22 0:33 / {point}-beside rw - nfs4 server:/other rw",
        ]
        (tmp_path / "mountinfo").write_text("\n".join(lines) + "\n")
        monkeypatch.setattr(file_system, "MOUNTS", tmp_path / "mountinfo")

    return mount


@pytest.mark.parametrize("kind", NETWORK)
def test_a_network_file_system_is_refused_by_start_and_check(mounted, tmp_path, kind: str):
    settings = Settings(data_dir=tmp_path / "a share" / "data")
    mounted(tmp_path / "a share", kind)
    with pytest.raises(UserError) as refused, opening.running(settings, alone=True):
        pass
    assert refused.value.message.startswith(f"{settings.data_dir} is on a network file system ({kind}), where SQLite")
    assert "OUTTRAY_DATABASE_URL" in refused.value.message
    assert "\n" not in refused.value.message
    assert list(check.problems(settings)) == [refused.value.message]
    assert not settings.data_dir.exists()


@pytest.mark.parametrize("kind", LOCAL)
def test_a_local_file_system_is_taken(mounted, tmp_path, kind: str):
    mounted(tmp_path, kind)
    with opening.running(Settings(data_dir=tmp_path / "data"), alone=True) as installation:
        assert installation.data_dir.is_dir()


def test_the_file_of_the_database_counts_not_the_data_directory(mounted, tmp_path):
    mounted(tmp_path / "share", "nfs")
    url = f"sqlite:///{tmp_path / 'share' / 'outtray.db'}"
    with pytest.raises(UserError, match="network file system"):
        file_system.require_local(Settings(data_dir=tmp_path / "data", database_url=url))
    file_system.require_local(Settings(data_dir=tmp_path / "share", database_url=f"sqlite:///{tmp_path / 'a.db'}"))


def test_a_link_to_a_share_is_seen_through(mounted, tmp_path):
    (tmp_path / "share").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "share")
    mounted(tmp_path / "share", "cifs")
    with pytest.raises(UserError, match="cifs"):
        file_system.require_local(Settings(data_dir=tmp_path / "data"))


def test_postgresql_beside_a_share_is_taken(mounted, tmp_path):
    mounted(tmp_path, "nfs4")
    file_system.require_local(Settings(data_dir=tmp_path / "data", database_url=postgres.new_database()))


def test_this_machine_is_known(tmp_path):
    assert file_system.type_of(tmp_path)
    assert file_system.type_of(file_system.MOUNTS.parent) == "proc"


def test_an_unknown_machine_refuses_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(file_system, "MOUNTS", tmp_path / "nothing")
    assert file_system.type_of(tmp_path) == ""
    file_system.require_local(Settings(data_dir=tmp_path))
