"""Jobs done a second, each with an effect in a transaction of its own, against pgbench.

Started by bench/jobs/run. PostgreSQL is that of TEST_DATABASE_URL (a maintenance database whose
user may create databases; else the one on the standard port): jobs and pgbench -N have a database
each on that server and take turns. The figures of SQLite stand beside them.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
from urllib.parse import urlsplit, urlunsplit

# At least so many of pgbench's transactions a second, and 99 in 100 begun within so many seconds.
BAR, BAR_DELAY_S = 0.3, 2.0
MAINTENANCE = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")


def database(name: str) -> str:
    return urlunsplit(urlsplit(MAINTENANCE)._replace(path=f"/{name}"))


def sql(statement: str):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, MAINTENANCE], check=True)


def one_round(given, url: str) -> list:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("ONEGRID_")}
    settings |= {"DATABASE_URL": url, "ONEGRID_DATABASE_CONNECTIONS": str(given.connections)}
    asked = ["--waiting", str(given.waiting), "--jobs", str(given.jobs), "--at-once", str(given.at_once)]
    told = subprocess.run([given.measure, "jobs", *asked], env=settings, stdout=subprocess.PIPE, text=True, check=True)
    return [float(word) for word in told.stdout.split()]


def pgbench(given) -> float:
    told = subprocess.run(
        ["pgbench", "-N", "-n", "-c", "32", "-j", "2", "-T", str(given.seconds), database("onegrid_bench_pgbench")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    ).stdout
    return float(re.search(r"tps = ([\d.]+)", told)[1])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--measure", required=True, help="the measuring program")
    options.add_argument("--waiting", type=int, default=1_000_000)
    options.add_argument("--jobs", type=int, default=10_000)
    options.add_argument("--at-once", type=int, default=32)
    options.add_argument("--connections", type=int, default=16)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=8)
    given = options.parse_args()
    names = ["onegrid_bench_jobs", "onegrid_bench_pgbench"]
    for name in names:
        sql(f"DROP DATABASE IF EXISTS {name}")
        sql(f"CREATE DATABASE {name}")
    try:
        subprocess.run(
            ["pgbench", "-i", "-q", "-s", "10", database(names[1])], check=True, stderr=subprocess.DEVNULL
        )
        with tempfile.TemporaryDirectory() as folder:
            urls = {"PostgreSQL": database(names[0]), "SQLite": f"sqlite://{folder}/onegrid.db"}
            rounds = {kind: [] for kind in urls}
            peer = []
            for _ in range(given.rounds):
                peer.append(pgbench(given))
                for kind, url in urls.items():
                    rounds[kind].append(one_round(given, url))
    finally:
        for name in names:
            sql(f"DROP DATABASE IF EXISTS {name}")
    transactions = statistics.median(peer)
    print(f"pgbench -N -c 32 -j 2: {transactions:.0f} transactions a second\n")
    print(f"{'':12}{'jobs/s':>9}{'× pgbench':>11}{'µs CPU each':>13}{'delay s':>9}{'p99':>8}")
    holds = True
    for kind, told in rounds.items():
        a_second, cpu_us, delay, late = (statistics.median(figures) for figures in zip(*told))
        # The ratio of each round to the pgbench just before it.
        ratio = statistics.median(ours[0] / theirs for ours, theirs in zip(told, peer))
        print(f"{kind:12}{a_second:9.0f}{ratio:11.2f}{cpu_us:13.1f}{delay:9.3f}{late:8.3f}")
        holds &= late <= BAR_DELAY_S and (ratio >= BAR or kind == "SQLite")
    print(
        f"\n{'holds' if holds else 'MISSED'}: on PostgreSQL at least {BAR} × pgbench; on both 99 in 100 begun "
        f"within {BAR_DELAY_S:.0f} s, with {given.waiting:,} waiting for tomorrow"
    )
    raise SystemExit(0 if holds else 1)


if __name__ == "__main__":
    main()
