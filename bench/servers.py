"""Starts the servers that are measured, and reads what they cost."""

import os
import subprocess
import urllib.request
from pathlib import Path


class Server:
    """A server that was started here, and is stopped here."""

    def __init__(self, command: list, settings: dict):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEGRID_")}
        self.process = subprocess.Popen(
            command, env=environment | settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        # The service also says a token of the city's staff.
        self.address, *self.tokens = self.process.stdout.readline().split() or [""]
        if not self.address:
            raise SystemExit(f"{command[1]} did not start")

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=30) as answer:
            return answer.read()

    def cpu_s(self) -> float:
        """Seconds of processor time so far, as Linux counts them."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self):
        self.process.terminate()
        self.process.wait()


def service(measure: str, folder: str, workers: int) -> Server:
    """The service, with the database that is in a folder, and the map that may be there."""
    streets = Path(folder, "streets.map")
    return Server(
        [measure, "serve"],
        {
            "DATABASE_URL": f"sqlite://{folder}/onegrid.db",
            "ONEGRID_LISTEN": "127.0.0.1:0",
            "ONEGRID_METRICS_LISTEN": "off",
            "ONEGRID_WORKERS": str(workers),
            "ONEGRID_CIRCLE_RATE": "100000",
            "ONEGRID_DRAIN_SECONDS": "0",
        }
        | ({"ONEGRID_MAP": str(streets)} if streets.exists() else {}),
    )


def constant(measure: str, body: str, workers: int) -> Server:
    """A handler of the same binary that answers the bytes of a file to everybody."""
    return Server(
        [measure, "constant", "--body", body, "--listen", "127.0.0.1:0", "--workers", str(workers)], {}
    )
