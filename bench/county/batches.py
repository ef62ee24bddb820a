"""The circles of all houses of a county over HTTP, in batches of a thousand.

Started by bench/county/run, after the same in the process itself.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
import servers  # noqa: E402

A_BATCH = 1000
AT_MOST_S = 10.0


def batch(server: servers.Server, origins: list, beyond: bool) -> int:
    """Places counted in the summaries."""
    body = {"origins": origins, "minutes": 10, "beyond": beyond}
    request = urllib.request.Request(
        f"http://{server.address}/v1/circle/batch",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json", "authorization": f"Bearer {server.tokens[0]}"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        items = json.load(answer)["items"]
    assert len(items) == len(origins)
    return sum(category["count"] for item in items for category in item["summary"])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--measure", required=True, help="the measuring program")
    options.add_argument("--beyond", action="store_true")
    options.add_argument("county", nargs="*", help="what `measure prepare` takes")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([given.measure, "prepare", *given.county, "--to", folder], check=True)
        lines = Path(folder, "houses.csv").read_text().splitlines()
        houses = [{"lat": float(lat), "lon": float(lon)} for lat, lon in (line.split(",") for line in lines)]
        batches = [houses[at : at + A_BATCH] for at in range(0, len(houses), A_BATCH)]
        server = servers.service(given.measure, folder, 2)
        try:
            before, start = server.cpu_s(), time.monotonic()
            with ThreadPoolExecutor(2) as pool:
                found = sum(pool.map(lambda origins: batch(server, origins, given.beyond), batches))
            wall_s, cpu_s = time.monotonic() - start, server.cpu_s() - before
        finally:
            server.stop()
    print(
        f"  {f'over HTTP, {len(batches)} batches':34}{wall_s:8.2f} s{cpu_s:8.2f} s CPU"
        f"{cpu_s * 1e6 / len(houses):8.1f} µs a house{found / len(houses):8.1f} places"
    )
    print(f"  {'holds' if wall_s <= AT_MOST_S else 'MISSED'}: at most {AT_MOST_S:.0f} s")
    raise SystemExit(0 if wall_s <= AT_MOST_S else 1)


if __name__ == "__main__":
    main()
