"""Messages delivered to many sockets, by two instances over Redis, beside socket.io in turns.

Started by bench/live/run. PostgreSQL is that of TEST_DATABASE_URL (a maintenance database whose user
may create databases; else the one on the standard port), Redis that of TEST_REDIS_URL. The same client
drives both: 1,000 sockets in one channel, and 200 channels of 50, as many messages as are carried; then
10 messages a second for how long they take. At last the memory of 5,000 sockets that do nothing.
"""

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

sys.path.insert(0, str(Path(__file__).parent.parent))
import servers  # noqa: E402

# So many times the peer's deliveries per second of the servers' processors; KiB an idle socket.
BAR, BAR_KIB = 2.5, 8.0
SOCKETS = 5_000
MAINTENANCE = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
NAME = "onegrid_bench_live"
GROUPS = {"1,000 in one channel": "1000", "200 channels of 50": ",".join(["50"] * 200)}


def sql(statement: str):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, MAINTENANCE], check=True)


def measured(given, *words: str) -> list:
    told = subprocess.run([given.measure, *words], stdout=subprocess.PIPE, text=True, check=True).stdout
    return told.split("\n")


class Ours:
    """Two instances on one database."""

    dialect = "onegrid"

    def __init__(self, given, sizes: str, folder: str):
        sql(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        sql(f"CREATE DATABASE {NAME}")
        self.settings = {
            "DATABASE_URL": urlunsplit(urlsplit(MAINTENANCE)._replace(path=f"/{NAME}")),
            "REDIS_URL": REDIS,
            "ONEGRID_REDIS_PREFIX": f"bench{secrets.token_hex(4)}:",
            "ONEGRID_LISTEN": "127.0.0.1:0",
            "ONEGRID_METRICS_LISTEN": "off",
            "ONEGRID_LOG": "warn",
            "ONEGRID_MASTER_KEY": secrets.token_hex(32),
            "ONEGRID_LOOKUP_KEY": secrets.token_hex(32),
            "ONEGRID_JWT_KEYS": secrets.token_hex(32),
            "ONEGRID_WORKERS": "1",
            "ONEGRID_SOCKET_RATE": "100000",
            "ONEGRID_DRAIN_SECONDS": "1",
            "ONEGRID_FILES": f"{folder}/files",
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEGRID_")}
        people = subprocess.run(
            [given.measure, "live-world", "--sizes", sizes],
            env=environment | self.settings,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        Path(folder, "people").write_bytes(people)
        self.servers = [servers.Server([given.measure, "serve"], self.settings) for _ in range(2)]
        time.sleep(2)


class Peer:
    """Two processes of socket.io."""

    dialect = "socketio"

    def __init__(self):
        here = Path(__file__).parent / "peer" / "server.mjs"
        self.servers = [servers.Server(["node", str(here)], {"REDIS_URL": REDIS}) for _ in range(2)]


def load(given, of, folder: str, rate: int) -> list:
    """Delivered a second, ms at one half and 99 of 100, delivered a second of the servers' processors."""
    words = ["live-load", "--dialect", of.dialect, "--addresses", ",".join(one.address for one in of.servers)]
    words += ["--people", f"{folder}/people", "--rate", str(rate), "--seconds", str(given.seconds)]
    program = subprocess.Popen([given.measure, *words], stdout=subprocess.PIPE, text=True)
    if program.stdout.readline().strip() != "counting":
        raise SystemExit(f"{of.dialect}: the load did not begin")
    before = sum(one.cpu_s() for one in of.servers)
    told = program.stdout.readline().split()
    spent = sum(one.cpu_s() for one in of.servers) - before
    if program.wait() or not told:
        raise SystemExit(f"{of.dialect}: the load broke off")
    a_second, half, late, _, delivered = (float(word) for word in told)
    return [a_second, half, late, delivered / max(spent, 1e-3)]


def idle(given, ours: Ours, folder: str) -> float:
    """KiB of an instance for each socket that does nothing."""
    server = ours.servers[0]
    before = server.resident_mib()
    words = ["live-idle", "--address", server.address, "--people", f"{folder}/people", "--sockets", str(SOCKETS)]
    program = subprocess.Popen([given.measure, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if program.stdout.readline().strip() != "there":
        raise SystemExit("the sockets were not opened")
    time.sleep(10)
    kib = (server.resident_mib() - before) * 1024 / SOCKETS
    program.communicate("\n")
    return kib


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--measure", required=True, help="the measuring program")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=5)
    given = options.parse_args()
    bars = []
    scale = subprocess.run(
        ["redis-benchmark", "-u", REDIS, "-n", "100000", "-q", "PUBLISH", "channel", "x" * 200],
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    print("for scale:", scale.replace("\r", "\n").strip().split("\n")[-1].strip(), "\n")
    print(f"{'':44}{'delivered/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'a CPU second':>14}")
    try:
        for which, sizes in GROUPS.items():
            with tempfile.TemporaryDirectory() as folder:
                ours, peer = Ours(given, sizes, folder), Peer()
                try:
                    for rate, how in ((0, "as many as go"), (10, "10 a second")):
                        told = {"OneGrid": [], "socket.io": []}
                        for _ in range(given.rounds):
                            for name, of in (("OneGrid", ours), ("socket.io", peer)):
                                told[name].append(load(given, of, folder, rate))
                        for name, rounds in told.items():
                            a_second, half, late, a_cpu_second = (statistics.median(one) for one in zip(*rounds))
                            what = f"{name}, {which}, {how}"
                            print(f"{what:44}{a_second:12.0f}{half:9.1f}{late:9.1f}{a_cpu_second:14.0f}")
                        ratio = statistics.median(a[3] / b[3] for a, b in zip(*told.values()))
                        print(f"{'':44}{ratio:.2f} × a CPU second")
                        if rate == 0 and which.startswith("1,000"):
                            bars.append((f"{which}: at least {BAR} × a CPU second ({ratio:.2f})", ratio >= BAR))
                    if which.startswith("200"):
                        # A server that has carried nothing yet.
                        ours.servers[0].stop()
                        ours.servers[0] = servers.Server([given.measure, "serve"], ours.settings)
                        kib = idle(given, ours, folder)
                        bars.append((f"an idle socket at most {BAR_KIB} KiB ({kib:.1f})", kib <= BAR_KIB))
                finally:
                    for one in ours.servers + peer.servers:
                        one.stop()
    finally:
        sql(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
    print()
    for what, holds in bars:
        print(f"{'holds' if holds else 'MISSED'}: {what}")
    raise SystemExit(0 if all(holds for _, holds in bars) else 1)


if __name__ == "__main__":
    main()
