"""Requests a second of the circle, and of a handler that answers as many bytes, in turns.

Started by bench/http/run. The load is wrk's, one thread, over connections that are kept. Each
server has one worker, so that on two processors the load does not take the server's.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
import servers  # noqa: E402

# At least so many times the requests a second of the constant handler.
BAR = 0.4


def load(server, seconds: int, connections: int, houses: str) -> tuple:
    """Requests a second, CPU microseconds of the server a request, 99 of 100 answered within ms."""
    before = server.cpu_s()
    told = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
        + ["-s", str(Path(__file__).parent / "houses.lua"), f"http://{server.address}"],
        env=os.environ | {"HOUSES": houses},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    spent = server.cpu_s() - before
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(told)
    requests = int(re.search(r"(\d+) requests in", told)[1])
    figure, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", told).groups()
    ms = float(figure) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), spent * 1e6 / requests, ms


def answers_of(server, houses: str) -> bytes:
    """An answer of middling size; prints the sizes."""
    lines = Path(houses).read_text().splitlines()[:300]
    answers = [server.get("/v1/circle?minutes=10&lat={}&lon={}".format(*line.split(","))) for line in lines]
    places = [len(json.loads(answer)["places"]) for answer in answers]
    mean = statistics.mean(map(len, answers))
    print(f"answers of {mean:.0f} bytes with {statistics.mean(places):.1f} places on average")
    return min(answers, key=lambda answer: abs(len(answer) - mean))


def drive(measure: str, prepare: list, name: str, given) -> float:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([measure, "prepare", *prepare, "--to", folder], check=True)
        houses = f"{folder}/houses.csv"
        circle = servers.service(measure, folder, given.workers)
        try:
            print(f"\n{name}: ", end="")
            body = f"{folder}/answer.json"
            Path(body).write_bytes(answers_of(circle, houses))
            constant = servers.constant(measure, body, given.workers)
            try:
                return table(circle, constant, houses, given)
            finally:
                constant.stop()
        finally:
            circle.stop()


def table(circle, constant, houses: str, given) -> float:
    rounds = {"circle": [], "constant": []}
    # A server that has been up for a while: each house was asked about before, twice.
    for house in Path(houses).read_text().splitlines() * 2:
        circle.get("/v1/circle?minutes=10&lat={}&lon={}".format(*house.split(",")))
    for server in (circle, constant):
        load(server, 1, given.connections, houses)
    for _ in range(given.rounds):
        for kind, server in (("circle", circle), ("constant", constant)):
            rounds[kind].append(load(server, given.seconds, given.connections, houses))
    middle = {kind: [statistics.median(figures) for figures in zip(*told)] for kind, told in rounds.items()}
    print(f"{'':20}{'requests/s':>12}{'µs CPU each':>13}{'p99, ms':>10}")
    for kind, (a_second, cpu_us, p99_ms) in middle.items():
        print(f"{kind:20}{a_second:12.0f}{cpu_us:13.1f}{p99_ms:10.2f}")
    ratio = middle["circle"][0] / middle["constant"][0]
    print(f"{'ratio':20}{ratio:12.2f}   resident: {circle.resident_mib():.0f} MiB")
    return ratio


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--measure", required=True, help="the measuring program")
    options.add_argument("--osm", required=True, type=Path, help="the folder of extracts")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    cities = {file.name.removesuffix(".osm.pbf"): ["--osm", str(file)] for file in sorted(given.osm.glob("*.osm.pbf"))}
    ratios = {
        name: drive(given.measure, [*prepare, "--buildings", "5000"], name, given)
        for name, prepare in (cities or {"made up": []}).items()
    }
    print(f"\nbar: at least {BAR} × the constant handler")
    for name, ratio in ratios.items():
        print(f"  {'holds' if ratio >= BAR else 'MISSED':8}{name}: {ratio:.2f} ×")
    raise SystemExit(0 if all(ratio >= BAR for ratio in ratios.values()) else 1)


if __name__ == "__main__":
    main()
