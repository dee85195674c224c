"""The vendored htmx is the released file, byte for byte."""

import hashlib

from webapp.paths import STATIC

HTMX = STATIC / "vendor" / "htmx"


def test_htmx_has_the_recorded_checksum():
    noted, name = (HTMX / "checksum.sha256").read_text().split()
    assert hashlib.sha256((HTMX / name).read_bytes()).hexdigest() == noted


def test_htmx_has_the_recorded_version():
    version = (HTMX / "VERSION").read_text().strip()
    assert f'version="{version}"' in (HTMX / "htmx.min.js").read_text()


def test_the_licence_of_htmx_is_beside_it():
    assert "Permission to use, copy, modify" in (HTMX / "LICENSE").read_text()
