"""Notifications to five places with faults of every kind, while slots are killed: none lost, none twice."""

import os
import random
import threading
from collections import Counter

from tests.notify.targets import Hook
from tests.serving import ENDED, Serving, everything, start_task, task
from tests.waiting import until
from webapp.connections import channels as store
from webapp.connections.channels import ChannelRecord
from webapp.installation import build
from webapp.settings import Settings

NUMBER = int(os.environ.get("OUTTRAY_SOAK_NOTIFICATIONS", "60"))
PLACES = 5


def connect(serving: Serving, hook: Hook) -> list[str]:
    installation = build(Settings(data_dir=serving.data))
    with installation.write() as conn:
        made = [
            store.save(
                conn,
                installation.secrets,
                ChannelRecord(name=f"Place {n}", service="JSON", internal=True),
                hook.url(f"/{n}"),
            )
            for n in range(PLACES)
        ]
    installation.close()
    return [str(number) for number in made]


def test_a_channel_that_hangs_delays_no_other_and_no_mail(tmp_path):
    serving = Serving(tmp_path, OUTTRAY_RETRY_SECONDS="0,0").start()
    released = threading.Event()
    try:
        with Hook() as hook:
            client = serving.client()
            hangs, quick, *_ = connect(serving, hook)
            hook.on("/0", hold=released)
            stuck = [start_task(client, "notification", {"message": f"s{n}", "channels": [hangs]}) for n in range(30)]
            until(lambda: "/0" in hook.asked, 30)
            both = start_task(client, "notification", {"message": "both", "channels": [hangs, quick, "log"]})
            others = [
                start_task(client, "notification", {"message": "one", "channels": [quick]}),
                start_task(client, "notification", {"message": "log", "channels": ["log"]}),
                start_task(client, "email", {"to": "ana@example.com", "subject": "S", "body": "B"}),
            ]
            until(lambda: all(task(client, one)["state"] in ENDED for one in others), 30)
            until(lambda: {"one", "both"} == {body["message"] for path, body in hook.got if path == "/1"}, 30)
            assert not any(task(client, one)["state"] in ENDED for one in [*stuck, both])
            assert hook.count("/0") == 0
            released.set()
            until(lambda: all(task(client, one)["state"] in ENDED for one in [*stuck, both]), 60)
            assert len(hook.asked) == len(stuck) + 3
    finally:
        released.set()
        serving.stop()


def test_to_cancel_what_hangs_disturbs_no_neighbour(tmp_path):
    serving = Serving(tmp_path).start()
    released = threading.Event()
    try:
        with Hook() as hook:
            client = serving.client()
            hangs, slow, *_ = connect(serving, hook)
            hook.on("/0", hold=released)
            hook.on("/1", hold=released)
            stuck = start_task(client, "notification", {"message": "stuck", "channels": [hangs]})
            until(lambda: "/0" in hook.asked, 30)
            client.post(f"/api/v1/tasks/{stuck}/cancel")
            before = [worker.pid for worker in serving.workers("notify")]
            beside = start_task(client, "notification", {"message": "beside", "channels": [slow]})
            until(lambda: "/1" in hook.asked, 30)
            until(lambda: task(client, stuck)["state"] == "cancelled", 30)
            assert [worker.pid for worker in serving.workers("notify")] == before
            released.set()
            until(lambda: task(client, beside)["state"] == "done", 30)
    finally:
        released.set()
        serving.stop()


def test_none_is_lost_and_none_reaches_a_place_that_answered_twice(tmp_path):
    draw = random.Random(7)
    serving = Serving(tmp_path, OUTTRAY_RETRY_SECONDS="0,0,0,0,0,0").start()
    try:
        with Hook() as hook:
            client = serving.client()
            channels = connect(serving, hook)
            for place in range(PLACES):
                for _ in range(6):
                    hook.on(f"/{place}", status=draw.choice([429, 500, 503]), times=draw.randint(1, 3))
                    hook.on(f"/{place}", times=draw.randint(1, 6))
                hook.on(f"/{place}", drop=True, times=1)
            started = []
            for number in range(NUMBER):
                form = {"message": f"n{number}", "channels": channels}
                started.append(start_task(client, "notification", form, key=f"k{number}"))
                if number % 15 == 10:
                    for worker in serving.workers("notify"):
                        worker.kill()
            until(lambda: all(task(client, one)["state"] in ENDED for one in started), 120)
            rows = [row for one in started for row in everything(client, f"/api/v1/tasks/{one}/deliveries")]
            got = Counter((path, body["message"]) for path, body in hook.got)
    finally:
        serving.stop()
    assert len(rows) == NUMBER * PLACES
    states = Counter(row["state"] for row in rows)
    assert set(states) <= {"sent", "unknown", "failed"}
    assert max(got.values()) == 1
    assert states["sent"] <= sum(got.values()) <= states["sent"] + states["unknown"]
    assert states["unknown"] <= PLACES + (NUMBER // 15) * PLACES * 2
