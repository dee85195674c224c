"""Every parameter of every route takes whatever stands there: it is meant, or refused with words; never an error of ours."""

import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests import postgres
from tests.web.foreign.asked import recording
from tests.web.foreign.values import TEXTS, encoded, sample
from tests.web.foreign.world import World, build_world
from webapp import sandbox
from webapp.db.migrate import bring_up_to_date
from webapp.installation import build
from webapp.settings import Settings

FORM = (b"content-type", b"application/x-www-form-urlencoded")
JSON = (b"content-type", b"application/json")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp(request.param)
    more = {"database_url": postgres.new_database()} if request.param == "postgresql" else {}
    installation = build(Settings(data_dir=folder / "data", timezone="Europe/Madrid", **more))
    bring_up_to_date(installation.database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "call", lambda function, *args, **limits: function(*args))
        yield build_world(installation, folder)
    installation.close()


def of(path):
    return re.sub(r":\w+}", "}", path)


def fill(world, path, **changed):
    names = re.findall(r"{(\w+)}", path)
    values = {**world.paths, **changed}
    if path.startswith(("/setup/", "/invite/", "/hooks/")) and "secret" not in changed:
        values["secret"] = world.paths[path.split("/")[1].removesuffix("s")]
    for name in names:
        value = values[name]
        path = path.replace("{%s}" % name, value if name in changed else encoded(value))
    return path


def body_of(form):
    return "&".join(
        f"{encoded(n)}={encoded(v)}" for n, vs in form.items() for v in ([vs] if isinstance(vs, str) else vs)
    ).encode()


def test_explore(world):
    import logging

    logging.disable(logging.CRITICAL)
    bad, count, t0 = Counter(), 0, time.monotonic()
    slow = Counter()

    def ask(what, who, *args, **more):
        nonlocal count
        count += 1
        began = time.monotonic()
        try:
            answer = world.ask(who, *args, **more)
            status = answer.status
        except Exception as error:
            status = 999
            what = f"{what} RAISED {error!r}"
            answer = None
        if status >= 500:
            bad[(status, args[0], what)] += 1
        slow[what[:60]] += time.monotonic() - began
        return answer

    routes = world.app.state.routes
    with recording() as asked:
        for number, route in enumerate(routes):
            path = of(route.path)
            for method in route.methods:
                who = (
                    "program"
                    if path.startswith(("/api", "/send", "/run", "/gen", "/metrics"))
                    else "nobody"
                    if path.startswith(("/login", "/setup", "/invite", "/unsub", "/hooks"))
                    else "admin"
                )
                paths = (
                    [path]
                    if path != "/new/{kind_name}"
                    else [path, "/new/report", "/new/notification", "/new/self-test"]
                )
                for p in paths:
                    good = fill(world, p)
                    forms = world.forms.get(p, [])
                    asked.clear()
                    a = ask(
                        f"{p} GOOD",
                        who,
                        method,
                        good,
                        body=body_of(forms[0]) if forms and method == "POST" else b"",
                        more=[FORM],
                    )
                    if a and a.status >= 400:
                        print(
                            "GOOD",
                            method,
                            p,
                            a.status,
                            re.sub(r"<[^>]*>|\s+", " ", a.body.decode(errors="replace"))[-250:]
                            if a.status not in (404, 410)
                            else "",
                        )
                    query = sorted(asked.query)
                    headers = sorted(asked.headers)
                    if asked.fields and not forms:
                        print("NO FORM", p, asked.fields)
                    for name in re.findall(r"{(\w+)}", p):
                        for label, value in TEXTS.items():
                            if len(value) < 6000:
                                ask(
                                    f"{p} path {name} {label}",
                                    who,
                                    method,
                                    fill(world, p, **{name: encoded(value)}),
                                    body=body_of(forms[0]) if forms and method == "POST" else b"",
                                    more=[FORM],
                                )
                    for name in query:
                        for label, value in TEXTS.items():
                            ask(f"{p} query {name} {label}", who, method, good, f"{name}={encoded(value)}")
                    if method == "POST":
                        for f, form in enumerate(forms):
                            asked.clear()
                            ask(f"{p} form GOOD {f}", who, method, good, body=body_of(form), more=[FORM])
                            fields = sorted({*asked.fields, *form})
                            for place, name in enumerate(fields):
                                for label in sample(list(TEXTS), 9, place + number):
                                    for value in (TEXTS[label], str(form.get(name, "")) + TEXTS[label]):
                                        ask(
                                            f"{p} form {f} {name} {label}",
                                            who,
                                            method,
                                            good,
                                            body=body_of({**form, name: value}),
                                            more=[FORM],
                                        )
    print(count, "requests", time.monotonic() - t0, "s")
    for key, n in sorted(bad.items()):
        print(n, key)
    print(slow.most_common(15))
