/** Places of the city by name and by point, as people would write them. */
import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import type { components } from "./schema";

type Found = components["schemas"]["Feature_Point_PlaceProperties"];

export interface Place {
  text: string;
  lat: number;
  lon: number;
}

export interface Suggestion extends Place {
  /** What tells two of the same name apart. */
  more: string;
}

/** Shops and stops have names of their own; a house is its street and number. */
function suggestion({ geometry, properties: p }: Found): Suggestion {
  const [lon = 0, lat = 0] = geometry.coordinates;
  const address = [p.street, p.housenumber].filter(Boolean).join(" ");
  const isNamed = p.type === "other" && p.name !== "";
  const text = isNamed ? [p.name, address].filter(Boolean).join(", ") : address || p.name;
  return { text: text.slice(0, 200), more: [p.district, p.city].filter(Boolean).join(", "), lat, lon };
}

export const placesQuery = (words: string, near?: Place) =>
  queryOptions({
    queryKey: ["places", words, near?.lat, near?.lon],
    queryFn: async ({ signal }) => {
      const query = { q: words, limit: 6, ...(near ? { lat: near.lat, lon: near.lon } : {}) };
      const found = (await answer(api.GET("/api/geocode", { params: { query }, signal }))).features.map(
        suggestion,
      );
      // Two that read the same can't be chosen between.
      return found.filter(
        (one, at) => found.findIndex(other => other.text === one.text && other.more === one.more) === at,
      );
    },
    staleTime: 300_000,
  });

/** What is at a point, in words; the point itself where nothing has a name. */
export async function placeAt(lat: number, lon: number, fallback: string): Promise<Place> {
  const found = await answer(api.GET("/api/reverse", { params: { query: { lat, lon, limit: 1 } } }));
  const first = found.features[0];
  return { text: (first && suggestion(first).text) || fallback, lat, lon };
}

export const cityQuery = () =>
  queryOptions({
    queryKey: ["city"],
    queryFn: ({ signal }) => answer(api.GET("/api/city", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const pageQuery = () =>
  queryOptions({
    queryKey: ["page"],
    queryFn: ({ signal }) => answer(api.GET("/api/page", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
