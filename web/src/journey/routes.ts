/** The ways that the service finds, as one list: best of each mode first, then the others. */
import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import { decode, type LatLon } from "../map/polyline";
import { plain } from "../order/ways";
import type { Mode, Trip } from "./trip";

type Schemas = components["schemas"];
export type Journey = Schemas["Journey"];
export type Leg = Schemas["Leg"];
export type Routes = Schemas["Routes"];

export interface Option {
  key: string;
  mode: Mode;
  journey: Journey;
}

export const routesQuery = ({ from, to, when, at, modes }: Trip) =>
  queryOptions({
    queryKey: ["routes", from?.lat, from?.lon, to?.lat, to?.lon, when, at, modes],
    enabled: from !== undefined && to !== undefined,
    staleTime: 60_000,
    queryFn: ({ signal }) => {
      const point = (p: Trip["from"]) => (p ? `${p.lat.toFixed(6)},${p.lon.toFixed(6)}` : "");
      const time = when === "depart" ? { depart: at } : when === "arrive" ? { arrive: at } : {};
      const query = { from: point(from), to: point(to), modes: [...modes], alternatives: 2, ...time };
      return answer(api.GET("/api/routes", { params: { query }, querySerializer: plain, signal }));
    },
  });

export function options(routes: Routes): Option[] {
  const all = routes.modes.flatMap(({ mode, journeys }) =>
    journeys.map((journey, rank) => ({ key: `${mode}-${rank}`, mode, journey, rank })),
  );
  return all.sort(
    (a, b) => Math.min(a.rank, 1) - Math.min(b.rank, 1) || a.journey.seconds - b.journey.seconds,
  );
}

export const points = (leg: Leg): LatLon[] => (leg.polyline ? decode(leg.polyline) : []);
