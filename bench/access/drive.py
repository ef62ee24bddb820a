"""What it costs to know who asks and what they may do, in the process and over HTTP.

Started by bench/access/run. The load is wrk's, one thread, over connections that are kept. The
three kinds of request take turns at one server with one worker: without a token, with one that it
has seen before, with one that it does not remember. More tokens are made than it remembers
(50,000), so that by the time a token comes again it is forgotten.
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

# At most so many microseconds of processor time more with a token than without.
BAR_US = 60.0


def load(server, given, path: str, tokens: str | None, start: int) -> tuple:
    """CPU microseconds of the server a request, requests a second, requests."""
    settings = {"ASKED": path, "START": str(start)} | ({"TOKENS": tokens} if tokens else {})
    before = server.cpu_s()
    told = subprocess.run(
        ["wrk", "-t1", f"-c{given.connections}", f"-d{given.seconds}s"]
        + ["-s", str(Path(__file__).parent / "tokens.lua"), f"http://{server.address}"],
        env={name: value for name, value in os.environ.items() if name != "TOKENS"} | settings,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    spent = server.cpu_s() - before
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(told)
    requests = int(re.search(r"(\d+) requests in", told)[1])
    return spent * 1e6 / requests, float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), requests


def over_http(folder: str, given) -> bool:
    one = f"{folder}/one-token"
    many = f"{folder}/tokens"
    Path(one).write_text(Path(many).read_text().split("\n", 1)[0])
    server = servers.service(given.measure, folder, given.workers)
    try:
        unit = json.loads(server.get("/v1/units?limit=1"))["items"][0]["id"]
        path = f"/v1/units/{unit}"
        kinds = {"without a token": None, "a token seen before": one, "tokens not seen before": many}
        rounds = {kind: [] for kind in kinds}
        load(server, given, path, None, 0)
        for _ in range(given.rounds):
            for kind, tokens in kinds.items():
                # A token that was used in the round before may still be remembered.
                start = sum(requests for *_, requests in rounds[kind])
                rounds[kind].append(load(server, given, path, tokens, start))
    finally:
        server.stop()
    middle = {kind: [statistics.median(figures) for figures in zip(*told)] for kind, told in rounds.items()}
    without = middle["without a token"][0]
    print(f"\n{'GET /v1/units/{id}':26}{'µs CPU each':>13}{'more':>8}{'requests/s':>12}")
    for kind, (cpu_us, a_second, _) in middle.items():
        print(f"{kind:26}{cpu_us:13.1f}{cpu_us - without:8.1f}{a_second:12.0f}")
    more = middle["tokens not seen before"][0] - without
    holds = more <= BAR_US
    print(f"\n{'holds' if holds else 'MISSED'}: a token costs {more:.1f} µs, signature included (at most {BAR_US:.0f})")
    return holds


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--measure", required=True, help="the measuring program")
    options.add_argument("--units", type=int, default=200_000)
    options.add_argument("--staff", type=int, default=100_000)
    options.add_argument("--held", type=int, default=20)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = {name: value for name, value in os.environ.items() if not name.startswith("ONEGRID_")}
        asked = ["--units", str(given.units), "--staff", str(given.staff), "--held", str(given.held)]
        inside = subprocess.run(
            [given.measure, "access", *asked, "--tokens-to", f"{folder}/tokens"],
            env=settings | {"DATABASE_URL": f"sqlite://{folder}/onegrid.db"},
        )
        if not Path(folder, "tokens").exists():
            raise SystemExit(inside.returncode or 1)
        holds = over_http(folder, given)
    raise SystemExit(0 if holds and inside.returncode == 0 else 1)


if __name__ == "__main__":
    main()
