/** Where somebody is, or wants things brought: remembered in this browser until they say otherwise. */
import { useSyncExternalStore } from "react";
import type { Place } from "../api/place";

const KEY = "wayfare.place";
const listeners = new Set<() => void>();

function read(): Place | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return isPlace(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== "object" || value === null) return false;
  const { text, lat, lon } = value as Record<string, unknown>;
  return typeof text === "string" && Number.isFinite(lat) && Number.isFinite(lon);
}

let place = read();

export function setPlace(next: Place | undefined) {
  place = next;
  if (next) localStorage.setItem(KEY, JSON.stringify(next));
  else localStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

export function usePlace(): Place | undefined {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => place,
  );
}

const EARTH = 6_371_000;

/** Metres between two points, as the crow flies. */
export function metres(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const rad = Math.PI / 180;
  const [x, y] = [(b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad), (b.lat - a.lat) * rad];
  return Math.hypot(x, y) * EARTH;
}
