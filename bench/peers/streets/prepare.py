"""Makes what the peers read from the files that the engine reads: `prepare.py <folder> <box> <map.pbf> <feed.zip>…`.

The box is that of the map: south,west,north,east. Each part is made once for the same inputs, since OSRM's contraction
takes minutes. Prints the day on which Valhalla's timetable is asked.
"""

import csv
import datetime
import hashlib
import inspect
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import osrm
import valhalla
from valhalla.config import get_config

PROFILES = {"foot": "foot", "bike": "bicycle", "car": "car"}
# The Monday of the feeds that the engine is asked about.
ASKED = datetime.date(2019, 4, 15)


def run(*command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed with {done.returncode}:\n{done.stdout[-3000:]}")


def seconds(text):
    h, m, s = text.split(":")
    return int(h) * 3600 + int(m) * 60 + int(s)


def feed(archive, folder, box, weeks):
    """Valhalla refuses departures of expired calendars, gives stops without a street no connection and, with many of
    them, none to others either: the calendar moves by whole weeks, stops off the map go, times are put in first."""
    folder.mkdir(parents=True)
    zipped = zipfile.ZipFile(archive)

    def read(name):
        text = zipped.read(name).decode("utf-8-sig", "replace")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def write(name, rows):
        if rows:
            with open(folder / name, "w", newline="", encoding="utf-8") as file:
                out = csv.DictWriter(file, list(rows[0]))
                out.writeheader()
                out.writerows(rows)

    south, west, north, east = box
    inside = lambda stop: west < float(stop["stop_lon"]) < east and south < float(stop["stop_lat"]) < north
    stops = [stop for stop in read("stops.txt") if inside(stop)]
    known = {stop["stop_id"] for stop in stops}
    trips = {}
    for row in read("stop_times.txt"):
        trips.setdefault(row["trip_id"], []).append(row)
    times = []
    for rows in trips.values():
        rows.sort(key=lambda row: int(row["stop_sequence"]))
        timed = [i for i, row in enumerate(rows) if row["departure_time"]]
        for a, b in zip(timed, timed[1:]):
            start, end = seconds(rows[a]["departure_time"]), seconds(rows[b]["arrival_time"])
            for i in range(a + 1, b):
                at = start + (end - start) * (i - a) // (b - a)
                rows[i]["arrival_time"] = rows[i]["departure_time"] = f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}"
        rows = [row for row in rows if row["stop_id"] in known]
        times += rows if len(rows) > 1 else []
    kept = {row["trip_id"] for row in times}
    write("stops.txt", stops)
    write("stop_times.txt", times)
    write("trips.txt", [trip for trip in read("trips.txt") if trip["trip_id"] in kept])
    for name in ("calendar.txt", "calendar_dates.txt"):
        if name in zipped.namelist():
            rows = read(name)
            for row in rows:
                for column in ("start_date", "end_date", "date"):
                    if row.get(column):
                        day = datetime.datetime.strptime(row[column], "%Y%m%d").date() + datetime.timedelta(weeks=weeks)
                        row[column] = day.strftime("%Y%m%d")
            write(name, rows)
    for name in ("agency.txt", "routes.txt", "shapes.txt"):
        if name in zipped.namelist():
            write(name, read(name))


def once(folder, inputs, make):
    """What `make` told when it filled the folder from these inputs, now or earlier."""
    digest = hashlib.sha256(inspect.getsource(make).encode())
    for part in inputs:
        digest.update(pathlib.Path(part).read_bytes() if os.path.exists(part) else part.encode())
    done = folder / "done.json"
    known = json.loads(done.read_text()) if done.exists() else {}
    if known.get("inputs") != digest.hexdigest():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        known = {"inputs": digest.hexdigest(), "told": make(folder, *inputs)}
        done.write_text(json.dumps(known))
    return known["told"]


def streets(folder, script, pbf):
    shutil.copy(pbf, folder / "town.osm.pbf")
    tools = pathlib.Path(osrm.__file__).parent
    run(tools / "bin/osrm-extract", "-t", 1, "-p", tools / f"share/profiles/{script}.lua", folder / "town.osm.pbf")
    run(tools / "bin/osrm-contract", "-t", 1, folder / "town.osrm")


def everything(folder, box, pbf, *feeds):
    # Valhalla knows the next sixty days.
    tomorrow = datetime.date.today() + datetime.timedelta(days=1)
    day = tomorrow + datetime.timedelta(days=(ASKED - tomorrow).days % 7)
    for number, archive in enumerate(feeds):
        feed(archive, folder / f"feeds/{number}", [float(side) for side in box.split(",")], (day - ASKED).days // 7)
    (folder / "tiles").mkdir()
    (folder / "transit").mkdir()
    config = get_config(tile_dir=folder / "tiles", tile_extract="")
    mjolnir = config["mjolnir"]
    mjolnir.update(transit_dir=str(folder / "transit"), transit_feeds_dir=str(folder / "feeds"), admin="", timezone="")
    mjolnir["concurrency"] = 1
    for part in config.values():
        if isinstance(part, dict) and "logging" in part:
            part["logging"] = {"type": ""}
    (folder / "valhalla.json").write_text(json.dumps(config))
    tools = pathlib.Path(valhalla.__file__).parent / "bin"
    run(tools / "valhalla_ingest_transit", "-c", folder / "valhalla.json")
    run(tools / "valhalla_convert_transit", "-c", folder / "valhalla.json")
    run(tools / "valhalla_build_tiles", "-c", folder / "valhalla.json", pbf)
    return day.isoformat()


def main():
    folder, box, pbf, feeds = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    for profile, script in PROFILES.items():
        once(folder / profile, [script, pbf], streets)
    print(once(folder / "valhalla", [box, pbf, *feeds], everything))


main()
