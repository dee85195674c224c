"""Static files: their addresses, how long browsers may store them, and script modules that find each other."""

import re
from urllib.parse import urljoin

import pytest

from webapp.paths import STATIC
from webapp.web.http.static_files import asset

MODULES = sorted(f"js/{path.name}" for path in (STATIC / "js").glob("*.js"))
ENTRIES = ("js/app.js", "js/notices.js")
IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"(\./[a-z_]+\.js)";$', re.MULTILINE)


@pytest.mark.parametrize("name", ["app.css", "icon.svg", "vendor/htmx/htmx.min.js", *MODULES])
def test_an_address_that_names_the_content_may_be_stored_for_a_year(client, name):
    answer = client.get(asset(name))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("address", ["/static/js/app.js", "/static/js/0123456789/app.js", "/static/app.css"])
def test_any_other_address_is_checked_again_on_each_use(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", MODULES)
def test_browsers_accept_a_module_as_a_script(client, name):
    assert client.get(asset(name)).headers["content-type"].partition(";")[0] in (
        "text/javascript",
        "application/javascript",
    )


def test_every_module_is_loaded_under_the_version_of_the_page():
    loaded = set()
    waiting = {asset(name) for name in ENTRIES}
    while waiting:
        address = waiting.pop()
        loaded.add(address)
        source = (STATIC / "js" / address.rpartition("/")[2]).read_text()
        waiting |= {urljoin(address, path) for path in IMPORT.findall(source)} - loaded
    assert loaded == {asset(name) for name in MODULES}


def test_no_address_leads_out_of_the_folder(client):
    assert client.get("/static/js/0123456789/..%2f..%2f..%2fpyproject.toml").status_code == 404
