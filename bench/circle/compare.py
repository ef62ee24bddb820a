"""Our circle and pandana's nearest places on the same streets, in turns, CPU time per origin.

Started by bench/circle/run. Each side asks from every junction of the map. pandana finds the
nearest 60 places within 850 m, which is ten minutes of a grown-up; ours snaps the origin, walks
ten minutes, gathers the doors, puts the places in order and counts the ten categories. As a
server does, ours remembers the walks from corners that it was asked about; `anew` is without.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import pandana  # noqa: E402
import pandas  # noqa: E402

WITHIN_M = 850
MOST = 60
# A round takes at least so many seconds, or the clock is too coarse.
ROUND_S = 0.5
# At most so many times what pandana takes.
BAR = 2.0


class Ours:
    """The measuring program, which does a round for each line that it gets."""

    def __init__(self, measure: str, osm: Path, dump: str):
        self.process = subprocess.Popen(
            [measure, "rounds", "--osm", str(osm), "--dump", dump],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.about = self.answer()

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the measuring program has ended")
        return json.loads(line)

    def round(self, kind: str) -> dict:
        self.process.stdin.write(kind + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Pandana:
    """The same streets and places in pandana."""

    def __init__(self, dump: str):
        nodes, edges, places = (pandas.read_csv(f"{dump}/{name}.csv") for name in ("nodes", "edges", "places"))
        self.net = pandana.Network(nodes["x"], nodes["y"], edges["from"], edges["to"], edges[["metres"]], twoway=True)
        self.net.set_pois("places", WITHIN_M, MOST, places["x"], places["y"])
        self.places = len(places)
        self.nodes = len(nodes)

    def nearest(self, ids: bool):
        return self.net.nearest_pois(WITHIN_M, "places", num_pois=MOST, include_poi_ids=ids)

    def found(self) -> float:
        """Places within reach, at most 60, on average over the origins."""
        metres = self.nearest(False)
        return float((metres < WITHIN_M).sum(axis=1).mean())

    def round(self, ids: bool) -> float:
        """Microseconds of this process's CPU time per origin."""
        origins = 0
        start = time.process_time()
        while True:
            self.nearest(ids)
            origins += self.nodes
            spent = time.process_time() - start
            if spent >= ROUND_S:
                return spent * 1e6 / origins


def compare(measure: str, osm: Path, rounds: int) -> list:
    with tempfile.TemporaryDirectory() as dump:
        ours = Ours(measure, osm, dump)
        theirs = Pandana(dump)
        kinds = ["walk", "circle", "beyond", "circle-anew", "beyond-anew", "circle houses", "beyond houses"]
        us = {kind: [] for kind in kinds + ["pandana", "pandana, ids"]}
        found = {}
        # A server that has been up for a while: corners were asked about before.
        for kind in kinds * 2:
            ours.round(kind)
        for _ in range(rounds):
            for kind in kinds:
                told = ours.round(kind)
                us[kind].append(told["us"])
                found[kind] = told["found"]
            us["pandana"].append(theirs.round(False))
            us["pandana, ids"].append(theirs.round(True))
        ours.close()
    middle = {kind: statistics.median(figures) for kind, figures in us.items()}
    by = middle["pandana"]
    name = osm.name.removesuffix(".osm.pbf")
    print(f"\n{name}: {ours.about['nodes']} junctions, {ours.about['edges']} edges, {theirs.places} places;")
    print(f"asked from each junction, or from as many houses 5 to 25 m off the streets; median of {rounds} rounds\n")
    print(f"{'':44}{'µs CPU':>9}{'× pandana':>11}{'found':>8}")

    def row(words: str, figure: float, number=None):
        print(f"{words:44}{figure:9.1f}{figure / by:11.2f}" + (f"{number:8.1f}" if number is not None else ""))

    row(f"pandana: nearest {MOST} within {WITHIN_M} m", by, theirs.found())
    row("pandana: the same, telling which", middle["pandana, ids"])
    row("ours: the walk anew (doors)", middle["walk"], found["walk"])
    row("ours: the circle anew (places)", middle["circle-anew"], found["circle-anew"])
    anew = middle["beyond-anew"] - middle["circle-anew"]
    row("ours: beyond anew takes more by (categories)", anew, found["beyond-anew"])
    row("ours: the circle (places)", middle["circle"], found["circle"])
    extra = middle["beyond"] - middle["circle"]
    row("ours: beyond takes more by (categories)", extra, found["beyond"])
    row("ours: the circle of houses", middle["circle houses"], found["circle houses"])
    row("ours: beyond of houses, more by", middle["beyond houses"] - middle["circle houses"], found["beyond houses"])
    return [(name, "circle", middle["circle"] / by), (name, "beyond", extra / by)]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--measure", required=True, help="the measuring program")
    options.add_argument("--osm", required=True, type=Path, help="the folder of extracts")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--city", action="append", help="only this city; else all in the folder")
    given = options.parse_args()
    files = sorted(given.osm.glob("*.osm.pbf"))
    if given.city:
        files = [file for file in files if file.name.removesuffix(".osm.pbf") in given.city]
    print(f"pandana {pandana.__version__}, pandas {pandas.__version__}")
    verdicts = [verdict for file in files for verdict in compare(given.measure, file, given.rounds)]
    print(f"\nbar: at most {BAR:.1f} × pandana, and as much again for what lies beyond")
    for city, what, ratio in verdicts:
        print(f"  {'holds' if ratio <= BAR else 'MISSED':8}{city} {what}: {ratio:.2f} ×")
    raise SystemExit(0 if verdicts and all(ratio <= BAR for _, _, ratio in verdicts) else 1)


if __name__ == "__main__":
    main()
