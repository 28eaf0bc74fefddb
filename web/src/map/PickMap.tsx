import { useMutation, useQuery } from "@tanstack/react-query";
import { Crosshair } from "lucide-react";
import { useMemo } from "react";
import { type Place, placeAt } from "../api/place";
import { linesQuery } from "../order/ways";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { Notice } from "../parts/Problem";
import { useTexts } from "../texts/texts";
import CityMap, { useMap } from "./CityMap";
import { useTones } from "./colours";
import { Fit, Line, Mark } from "./Layers";
import type { LatLon } from "./polyline";

interface Picked {
  from: { name: string; lat: number; lon: number };
  place: Place | undefined;
  mode: string;
  onPick: (place: Place) => void;
}

/** Where it shall go, by a press on the map; with the keyboard: move the map, then take its middle. */
export default function PickMap({ from, place, mode, onPick }: Picked) {
  const t = useTexts();
  const tones = useTones();
  const look = useMutation({
    mutationFn: ({ lat, lon }: { lat: number; lon: number }) => placeAt(lat, lon, t.map.pointOnMap),
    onSuccess: found => {
      announce(found.text);
      onPick(found);
    },
  });
  const pick = (lat: number, lon: number) => look.mutate({ lat, lon });
  const start = useMemo((): LatLon => [from.lat, from.lon], [from]);
  const end = useMemo((): LatLon | undefined => place && [place.lat, place.lon], [place]);
  const all = useMemo(() => (end ? [start, end] : []), [start, end]);
  const ways = useQuery(linesQuery(from, place)).data ?? [];
  const others = ways.filter(way => way.mode !== mode);
  const chosen = ways.find(way => way.mode === mode);
  return (
    <>
      <CityMap label={t.map.choose} onPress={({ lat, lng }) => pick(lat, lng)}>
        {others.map(way => (
          <Line key={way.mode} points={way.points} colour={tones.muted} faint />
        ))}
        {chosen && <Line points={chosen.points} colour={tones.brand} />}
        <Mark at={start} label={from.name} kind="start" />
        {end && place && <Mark at={end} label={place.text} kind="end" />}
        <Fit points={all} />
        <Middle pick={pick} busy={look.isPending} />
      </CityMap>
      <Notice error={look.error} />
    </>
  );
}

function Middle({ pick, busy }: { pick: (lat: number, lon: number) => void; busy: boolean }) {
  const t = useTexts();
  const map = useMap();
  return (
    <div className="map-middle">
      <Button
        look="quiet"
        size="compact"
        busy={busy}
        onClick={() => {
          const { lat, lng } = map.getCenter();
          pick(lat, lng);
        }}
      >
        <Crosshair size={16} aria-hidden />
        {t.map.middle}
      </Button>
    </div>
  );
}
