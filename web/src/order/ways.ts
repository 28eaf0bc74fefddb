/** From a shop to somebody's door: each way of bringing it, its time, length and emissions, and its line on the map. */
import { queryOptions } from "@tanstack/react-query";
import { answer, api, type DeliveryMode } from "../api/client";
import { decode, type LatLon } from "../map/polyline";

export const MODES: readonly DeliveryMode[] = ["bike", "foot", "bus", "car"];

export interface DeliveryWay {
  mode: DeliveryMode;
  seconds: number;
  metres: number;
  grams: number;
}

interface Point {
  lat: number;
  lon: number;
}

interface Site extends Point {
  id: number;
}

/** The ways that this many pieces can be brought in. */
export const waysQuery = (shop: Site, to: Point | undefined, pieces: number) =>
  queryOptions({
    queryKey: ["delivery", shop.id, to?.lat, to?.lon, pieces],
    enabled: to !== undefined,
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const query = { shop: shop.id, lat: to?.lat ?? 0, lon: to?.lon ?? 0, pieces };
      const { options } = await answer(api.GET("/api/delivery", { params: { query }, signal }));
      return options.flatMap(({ mode, trip }): DeliveryWay[] =>
        trip ? [{ mode, seconds: trip.seconds, metres: trip.metres, grams: trip.co2e_grams }] : [],
      );
    },
  });

/** How each way runs through the city, to be drawn. */
export const linesQuery = (from: Point, to: Point | undefined) =>
  queryOptions({
    queryKey: ["delivery-lines", from.lat, from.lon, to?.lat, to?.lon],
    enabled: to !== undefined,
    staleTime: 300_000,
    queryFn: async ({ signal }) => {
      const text = (point: Point | undefined) => `${point?.lat.toFixed(6)},${point?.lon.toFixed(6)}`;
      const query = { from: text(from), to: text(to), modes: [...MODES] };
      const routes = await answer(
        api.GET("/api/routes", { params: { query }, querySerializer: plain, signal }),
      );
      return routes.modes.flatMap(({ mode, journeys }) => {
        const points = journeys[0]?.legs.flatMap((leg): LatLon[] =>
          leg.polyline ? decode(leg.polyline) : [],
        );
        return points ? [{ mode, points }] : [];
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
