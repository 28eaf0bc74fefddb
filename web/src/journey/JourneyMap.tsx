import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { answer, api } from "../api/client";
import { placeAt } from "../api/place";
import CityMap from "../map/CityMap";
import { useTones } from "../map/colours";
import { Fit, Line, Mark } from "../map/Layers";
import { decode, type LatLon } from "../map/polyline";
import { announce } from "../parts/announce";
import { Notice } from "../parts/Problem";
import { useTexts } from "../texts/texts";
import { Buses } from "./Buses";
import { Hexagons } from "./Hexagons";
import { type Layers, suggestionsQuery } from "./LayerChoice";
import { type Option, points } from "./routes";
import type { Trip } from "./trip";

interface Shown {
  trip: Trip;
  options: Option[] | undefined;
  chosen: Option | undefined;
  layers: Layers;
  change: (next: Partial<Trip>) => void;
}

/** The journey on the map, with the city as it moves around it. A press sets what is still missing of from and to. */
export default function JourneyMap({ trip, options, chosen, layers, change }: Shown) {
  const t = useTexts();
  const tones = useTones();
  const look = useMutation({
    mutationFn: ({ lat, lng }: { lat: number; lng: number }) => placeAt(lat, lng, t.map.pointOnMap),
    onSuccess: place => {
      announce(place.text);
      change(trip.from && !trip.to ? { to: place } : { from: place });
    },
  });
  const { from, to } = trip;
  const isOpen = !from || !to;
  const all = useMemo((): LatLon[] => {
    const ends = [from, to].flatMap((end): LatLon[] => (end ? [[end.lat, end.lon]] : []));
    return [...ends, ...(chosen?.journey.legs.flatMap(points) ?? [])];
  }, [from, to, chosen]);
  const others = options?.filter(option => option.key !== chosen?.key && option.key.endsWith("-0")) ?? [];
  return (
    <>
      <CityMap label={t.map.city} className="tall" {...(isOpen ? { onPress: look.mutate } : {})}>
        {layers.density && <Density />}
        {layers.suggestions && <Suggested />}
        {others.flatMap(({ key, journey }) =>
          journey.legs.map((leg, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: legs have no name but their place
            <Line key={`${key}-${at}`} points={points(leg)} colour={tones.muted} faint />
          )),
        )}
        {chosen?.journey.legs.map((leg, at) => (
          <Line
            // biome-ignore lint/suspicious/noArrayIndexKey: legs have no name but their place
            key={`${chosen.key}-${at}`}
            points={points(leg)}
            colour={leg.ride?.colour ?? tones.brand}
            dashed={leg.means === "foot" && chosen.mode !== "foot"}
          />
        ))}
        {chosen?.journey.legs.flatMap(leg => {
          const calls = leg.ride?.calls ?? [];
          return calls.map(call => (
            <Mark
              key={`${call.stop}-${call.arrive}`}
              at={[call.lat, call.lon]}
              label={call.name}
              kind="stop"
            />
          ));
        })}
        {from && <Mark at={[from.lat, from.lon]} label={from.text || t.journey.from} kind="start" />}
        {to && <Mark at={[to.lat, to.lon]} label={to.text || t.journey.to} kind="end" />}
        {layers.buses && <Buses />}
        <Fit points={all.length > 1 ? all : NONE} />
      </CityMap>
      {isOpen && <p className="muted small">{t.journey.pressMap}</p>}
      <Notice error={look.error} />
    </>
  );
}

const NONE: LatLon[] = [];

function Density() {
  const density = useQuery({
    queryKey: ["density"],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/density", { params: { query: { resolution: 9 } }, signal })),
    staleTime: 3_600_000,
  });
  return density.data ? <Hexagons cells={density.data.features} /> : null;
}

function Suggested() {
  const t = useTexts();
  const tones = useTones();
  const found = useQuery(suggestionsQuery()).data;
  const line = useMemo(() => (found?.line ? decode(found.line) : undefined), [found]);
  if (!found) return null;
  return (
    <>
      {line && <Line points={line} colour={tones.danger} dashed />}
      {found.stops.map((stop, index) => (
        <Mark
          key={`${stop.lat},${stop.lon}`}
          at={[stop.lat, stop.lon]}
          label={`${index + 1}. ${stop.street ?? t.map.pointOnMap}`}
          kind="new"
        />
      ))}
    </>
  );
}
