"""Confirmed bookings a second over HTTP, against pgbench on the same PostgreSQL, in turns.

Started by bench/booking/run. PostgreSQL is that of TEST_DATABASE_URL (a maintenance database whose
user may create databases; else the one on the standard port). 32 clients book, 3,000 people by
turns, under rules with limits: first 1,000 slots of 50 resources, then one hot slot. The figures of
SQLite stand beside them, with a write that is flushed for itself on the same disk. At last a month of
slots is listed with a million bookings in the table.
"""

import argparse
import http.client
import json
import os
import re
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

sys.path.insert(0, str(Path(__file__).parent.parent))
import servers  # noqa: E402

# At least so many of pgbench's transactions a second; of SQLite's bookings a second.
BAR, BAR_HOT, BAR_SQLITE = 1.0, 0.6, 1500
# So many bookings lie in the table when a month is listed, and so many ms of the server a list takes.
BOOKINGS, BAR_LIST_MS = 1_000_000, 1.0
MAINTENANCE = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
NAMES = ["onegrid_bench_booking", "onegrid_bench_pgbench"]


def database(name: str) -> str:
    return urlunsplit(urlsplit(MAINTENANCE)._replace(path=f"/{name}"))


def sql(statement: str):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, MAINTENANCE], check=True)


def pgbench(given) -> float:
    told = subprocess.run(
        ["pgbench", "-N", "-n", "-c", "32", "-j", "2", "-T", str(given.seconds), database(NAMES[1])],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    ).stdout
    return float(re.search(r"tps = ([\d.]+)", told)[1])


class Product:
    """A server on a database, with people and slots."""

    def __init__(self, given, url: str, folder: str):
        self.given, self.folder, self.asked = given, folder, 0
        settings = {
            "DATABASE_URL": url,
            "ONEGRID_LISTEN": "127.0.0.1:0",
            "ONEGRID_METRICS_LISTEN": "off",
            "ONEGRID_LOG": "warn",
            "ONEGRID_MASTER_KEY": secrets.token_hex(32),
            "ONEGRID_LOOKUP_KEY": secrets.token_hex(32),
            "ONEGRID_JWT_KEYS": secrets.token_hex(32),
            "ONEGRID_DATABASE_CONNECTIONS": "8",
            "ONEGRID_DRAIN_SECONDS": "1",
            "ONEGRID_FILES": f"{folder}/files",
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEGRID_")}
        tokens = subprocess.run(
            [given.measure, "residents"], env=environment | settings, stdout=subprocess.PIPE, check=True
        ).stdout
        Path(folder, "tokens").write_bytes(tokens)
        self.server = servers.Server([given.measure, "serve"], settings)
        self.staff = self.server.tokens[0]
        self.enter()

    def ask(self, method: str, path: str, body=None):
        self.asked += 1
        request = urllib.request.Request(
            f"http://{self.server.address}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json", "authorization": f"Bearer {self.staff}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def enter(self):
        for _ in range(50):
            units = self.ask("GET", "/v1/units?level=city")["items"]
            if units:
                break
            time.sleep(0.1)
        unit = units[0]["id"]
        place = {"name": "馆", "kind": "community_centre", "location": {"lat": 31.2, "lon": 112.6}, "unit_id": unit}
        place = self.ask("POST", "/v1/places", place)["id"]
        limits = [
            {"of": "person", "per": "active", "bookings": 1000},
            {"of": "person", "per": "day", "minutes": 100000},
        ]
        terms = {"overlap": "allow", "limits": limits, "remind_seconds": 3600, "no_show": {"grace_seconds": 900}}
        rules = self.ask("POST", "/v1/booking-rules", {"unit_id": unit, "name": "规则", "terms": terms})["id"]
        resource = {
            "name": "室",
            "kind": "shared",
            "capacity": 10000,
            "opening_hours": "24/7",
            "slot_minutes": 60,
            "rules_id": rules,
        }
        tomorrow = (datetime.now(timezone.utc) + timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
        at = [(tomorrow + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ") for hour in range(20)]
        # Open for twelve hours: 372 slots in 31 days.
        listed = {**resource, "opening_hours": "08:00-20:00"}
        self.listed = self.ask("POST", "/v1/resources", {"place_id": place, "resource": listed})["id"]
        many = []
        for number in range(51):
            made = self.ask("POST", "/v1/resources", {"place_id": place, "resource": resource})["id"]
            self.hot = [f"{made} {start}" for start in at]
            if number < 50:
                many += self.hot
        Path(self.folder, "many").write_text("\n".join(many) + "\n")

    def load(self, which: str, number: int) -> list:
        if which == "hot":
            Path(self.folder, "hot").write_text(self.hot[number % len(self.hot)] + "\n")
        before = self.server.cpu_s()
        told = subprocess.run(
            [self.given.measure, "booking-load", "--address", self.server.address]
            + ["--tokens", f"{self.folder}/tokens", "--slots", f"{self.folder}/{which}"]
            + ["--clients", "32", "--seconds", str(self.given.seconds), "--name", f"{which}-{number}"]
            # As many as the one slot has places.
            + ["--most", "9900" if which == "hot" else "1000000000"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        *figures, count = [float(word) for word in told.split()]
        spent = self.server.cpu_s() - before
        return [*figures, spent * 1e6 / max(1.0, count)]


# A million bookings over eleven months behind and one ahead, as many on each resource; those of the listed one
# ahead take ten places an hour.
FILL = """
INSERT INTO booking (id, resource_id, asked_id, person_id, start_at, end_at, party, load_from, load_to, load, state,
    was_held, until_at, rules_id, rules_version_id, changes, is_late, is_excess, reminded_at, made_by, version,
    created_at, updated_at)
SELECT {id}, r.id, r.id, p.id, t.at, t.at + 3600000000, 1, t.at, t.at + 3600000000, 1,
    CASE WHEN t.at <= {now} THEN 'completed' ELSE 'confirmed' END, false, NULL, r.rules_id, r.rules_version_id, 0, false,
    false, NULL, 'somebody', 1, t.at, t.at
FROM (SELECT id, rules_id, rules_version_id, row_number() OVER (ORDER BY id) - 1 AS number FROM resource) AS r
JOIN ({numbers}) AS n ON n.number % (SELECT count(*) FROM resource) = r.number
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM person) AS p
    ON p.number = n.number % (SELECT count(*) FROM person)
JOIN ({times}) AS t ON t.number = n.number;
"""


# The days ahead of the resources, on which something was booked.
DAYS = """
INSERT INTO resource_day (resource_id, day, cells)
SELECT r.id, {today} + {day}, {nothing} FROM resource AS r CROSS JOIN {days} WHERE true
ON CONFLICT DO NOTHING;
""".replace("{today}", str(int(time.time()) // 86400))


def filled(kind: str, folder: str):
    """Puts the bookings there, without the service."""
    now = int(time.time()) // 3600 * 3_600_000_000
    # From 330 days behind to 30 days ahead, by the hour.
    at = f"{now} + (number / 52 % 8640 - 7920) * 3600000000"
    if kind == "PostgreSQL":
        numbers = f"SELECT g AS number FROM generate_series(0, {BOOKINGS - 1}) AS g"
        times = f"SELECT g AS number, {at.replace('number', 'g')} AS at FROM generate_series(0, {BOOKINGS - 1}) AS g"
        statement = FILL.format(id="set_byte(uuid_send(gen_random_uuid()), 6, 112)", now=now, numbers=numbers, times=times)
        fill = [statement, DAYS.format(day="g", days="generate_series(0, 40) AS g", nothing="decode(repeat('00', 576), 'hex')")]
        fill.append("ANALYZE;")
        for one in fill:
            command = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", one, database(NAMES[0])]
            subprocess.run(command, check=True)
        return
    all_numbers = f"WITH RECURSIVE n (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM n LIMIT {BOOKINGS})"
    statement = FILL.format(
        id="new_id()",
        now=now,
        numbers=f"{all_numbers} SELECT number FROM n",
        times=f"{all_numbers} SELECT number, {at} AS at FROM n",
    )
    with closing(sqlite3.connect(f"{folder}/onegrid.db", timeout=120)) as connection:
        connection.create_function("new_id", 0, lambda: secrets.token_bytes(6) + b"\x70\0\x80" + secrets.token_bytes(7))
        days = DAYS.format(day="number", days=f"({all_numbers.replace(str(BOOKINGS), '41')} SELECT number FROM n)", nothing="zeroblob(576)")
        connection.executescript(f"{statement} {days} ANALYZE;")


def listed(product: Product, times: int = 400):
    """Ms of the server's processor, and ms until the answer, of a month's list of slots."""
    first = datetime.now(timezone.utc).date()
    path = f"/v1/resources/{product.listed}/slots?from={first}&to={first + timedelta(days=30)}"
    slots = len(product.ask("GET", path)["items"])
    took = []
    # As a balancer asks: by one connection.
    with closing(http.client.HTTPConnection(product.server.address, timeout=30)) as connection:
        before = product.server.cpu_s()
        for _ in range(times):
            started = time.monotonic()
            connection.request("GET", path, headers={"authorization": f"Bearer {product.staff}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"a list was answered by {answer.status}")
            took.append((time.monotonic() - started) * 1e3)
        spent = product.server.cpu_s() - before
    return slots, spent * 1e3 / times, statistics.median(took)


def flushed(folder: str) -> float:
    """Writes of a page that are flushed for themselves, a second."""
    with open(Path(folder, "flushed"), "wb", buffering=0) as file:
        count, started = 0, time.monotonic()
        while time.monotonic() - started < 2:
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            count += 1
    return count / 2


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--measure", required=True, help="the measuring program")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=4)
    given = options.parse_args()
    for name in NAMES:
        sql(f"DROP DATABASE IF EXISTS {name}")
        sql(f"CREATE DATABASE {name}")
    products = {}
    try:
        subprocess.run(["pgbench", "-i", "-q", "-s", "10", database(NAMES[1])], check=True, stderr=subprocess.DEVNULL)
        with tempfile.TemporaryDirectory() as folder:
            for kind, url in {"PostgreSQL": database(NAMES[0]), "SQLite": f"sqlite://{folder}/onegrid.db"}.items():
                Path(folder, kind).mkdir()
                products[kind] = Product(given, url, f"{folder}/{kind}")
            rounds = {(kind, which): [] for kind in products for which in ("many", "hot")}
            peer, disk = [], []
            for number in range(given.rounds):
                disk.append(flushed(folder))
                for (kind, which), told in rounds.items():
                    if kind == "PostgreSQL":
                        peer.append(pgbench(given))
                    told.append(products[kind].load(which, number) + [peer[-1]])
            lists = {}
            for kind, product in products.items():
                filled(kind, folder)
                lists[kind] = listed(product)
    finally:
        for product in products.values():
            product.server.stop()
        for name in NAMES:
            sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    print(f"pgbench -N -c 32 -j 2: {statistics.median(peer):.0f} transactions a second")
    print(f"a page written and flushed: {statistics.median(disk):.0f} a second\n")
    print(f"{'':24}{'bookings/s':>11}{'× pgbench':>11}{'p50 ms':>8}{'p99 ms':>8}{'µs CPU each':>13}")
    ratios = {}
    for (kind, which), told in rounds.items():
        a_second, half, late, cpu_us, _ = (statistics.median(figures) for figures in zip(*told))
        # The ratio of each round to the pgbench just before it.
        ratio = statistics.median(ours[0] / ours[-1] for ours in told)
        ratios[kind, which] = (ratio, a_second)
        name = f"{kind}, {'1,000 slots' if which == 'many' else 'one hot slot'}"
        print(f"{name:24}{a_second:11.0f}{ratio:11.2f}{half:8.1f}{late:8.1f}{cpu_us:13.0f}")
    least = min(BAR_SQLITE, 20 * statistics.median(disk))
    bars = [
        (f"1,000 slots on PostgreSQL at least {BAR} × pgbench", ratios["PostgreSQL", "many"][0] >= BAR),
        (f"one hot slot at least {BAR_HOT} ×", ratios["PostgreSQL", "hot"][0] >= BAR_HOT),
        (f"SQLite at least {least:.0f} a second", ratios["SQLite", "many"][1] >= least),
    ]
    print(f"\na month's slots, with {BOOKINGS:,} bookings in the table:")
    for kind, (slots, cpu_ms, took_ms) in lists.items():
        print(f"{kind:24}{slots} slots, {cpu_ms:.2f} ms of the server's processor, answered after {took_ms:.2f} ms")
        bars.append((f"a month's list on {kind} within {BAR_LIST_MS} ms of the server", cpu_ms <= BAR_LIST_MS))
    print()
    for what, holds in bars:
        print(f"{'holds' if holds else 'MISSED'}: {what}")
    raise SystemExit(0 if all(holds for _, holds in bars) else 1)


if __name__ == "__main__":
    main()
