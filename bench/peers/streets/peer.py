"""Answers pairs for the bench: `peer.py <osrm|valhalla> <folder>`.

Reads one JSON object a line: first {"pairs": [[lat, lon, lat, lon], …], "day": "…"}, then questions {"mode", "full"}.
Writes one a line: nanoseconds of this thread's CPU for each pair, and what was answered. Only the call itself is timed:
neither the making of the question nor the reading of the answer.
"""

import json
import os
import sys
import time

WORDS = {"foot": "pedestrian", "bike": "bicycle", "car": "auto", "bus": "multimodal"}


class Osrm:
    def __init__(self, folder):
        import osrm

        self.osrm, self.folder, self.engines = osrm, folder, {}

    def questions(self, pairs, mode, full, day):
        if mode not in self.engines:
            self.engines[mode] = self.osrm.OSRM(
                algorithm="CH", storage_config=f"{self.folder}/{mode}/town.osrm", use_shared_memory=False
            )
        more = {"overview": "full", "geometries": "polyline"} if full else {"overview": "false"}
        for a, b, c, d in pairs:
            yield self.osrm.RouteParameters(coordinates=[(b, a), (d, c)], steps=full, generate_hints=False, **more)

    def ask(self, mode, question):
        return self.engines[mode].Route(question)

    def answer(self, found):
        route = found["routes"][0]
        ends = [[p["location"][1], p["location"][0]] for p in found["waypoints"]]
        return {"metres": route["distance"], "seconds": route["duration"], "ends": ends, "rides": 0}


class Valhalla:
    def __init__(self, folder):
        import valhalla

        self.actor = valhalla.Actor(f"{folder}/valhalla/valhalla.json")

    def questions(self, pairs, mode, full, day):
        more = {} if full else {"directions_type": "none"}
        if mode == "bus":
            more["date_time"] = {"type": 1, "value": f"{day}T13:00"}
        for a, b, c, d in pairs:
            ends = [{"lat": a, "lon": b}, {"lat": c, "lon": d}]
            yield json.dumps({"locations": ends, "costing": WORDS[mode], **more})

    def ask(self, mode, question):
        return self.actor.route(question)

    def answer(self, found):
        trip = json.loads(found)["trip"]
        steps = [m for leg in trip["legs"] for m in leg.get("maneuvers", [])]
        rides = sum(m["travel_mode"] == "transit" for m in steps)
        return {"metres": trip["summary"]["length"] * 1000, "seconds": trip["summary"]["time"], "rides": rides}


def main():
    # Whatever the libraries print goes elsewhere: this channel carries answers only.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = {"osrm": Osrm, "valhalla": Valhalla}[sys.argv[1]](sys.argv[2])
    told = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        mode, full = (wanted := json.loads(line))["mode"], wanted["full"]
        spent, answers = [], []
        for question in list(peer.questions(told["pairs"], mode, full, told["day"])):
            start = time.thread_time_ns()
            try:
                found = peer.ask(mode, question)
            except Exception:
                found = None
            spent.append(time.thread_time_ns() - start)
            if wanted["answers"]:
                answers.append(found and peer.answer(found))
        print(json.dumps({"spent": spent, "answers": answers}), file=out, flush=True)


main()
