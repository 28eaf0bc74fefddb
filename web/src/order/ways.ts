/** From a shop to somebody's door: each way of bringing it, its time, length and emissions. */
import { queryOptions } from "@tanstack/react-query";
import { answer, api, type DeliveryMode } from "../api/client";
import { decode, type LatLon } from "../map/polyline";

export const MODES: readonly DeliveryMode[] = ["bike", "foot", "car"];

export interface DeliveryWay {
  mode: DeliveryMode;
  seconds: number;
  metres: number;
  grams: number;
  points: LatLon[];
}

interface Point {
  lat: number;
  lon: number;
}

export const waysQuery = (from: Point | undefined, to: Point | undefined) =>
  queryOptions({
    queryKey: ["ways", from?.lat, from?.lon, to?.lat, to?.lon],
    enabled: from !== undefined && to !== undefined,
    staleTime: 300_000,
    queryFn: async ({ signal }) => {
      const text = (point: Point | undefined) => `${point?.lat.toFixed(6)},${point?.lon.toFixed(6)}`;
      const query = { from: text(from), to: text(to), modes: [...MODES] };
      const routes = await answer(
        api.GET("/api/routes", { params: { query }, querySerializer: plain, signal }),
      );
      return routes.modes.flatMap(({ mode, journeys }): DeliveryWay[] => {
        const known = MODES.find(one => one === mode);
        const best = journeys[0];
        if (!known || !best) return [];
        const points = best.legs.flatMap(leg => (leg.polyline ? decode(leg.polyline) : []));
        return [{ mode: known, seconds: best.seconds, metres: best.metres, grams: best.co2e_grams, points }];
      });
    },
  });

/** Lists are written with commas, as the document says of them. */
export function plain(query: Record<string, unknown>): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
}

export const fastest = (ways: DeliveryWay[]) => ways.toSorted((a, b) => a.seconds - b.seconds)[0]?.mode;
export const cleanest = (ways: DeliveryWay[]) =>
  ways.toSorted((a, b) => a.grams - b.grams || a.seconds - b.seconds)[0]?.mode;
