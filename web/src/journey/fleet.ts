/**
 * Where each bus is at any moment between two pieces of news. A bus moves from where it is shown to where it was told to
 * be, in the time between two pictures: smooth, and never ahead of the news. No drawing here.
 */
import type { components } from "../api/schema";

export type Bus = Pick<
  components["schemas"]["Bus"],
  "id" | "line" | "colour" | "headsign" | "lat" | "lon" | "bearing"
>;

export interface News {
  buses: Bus[];
  gone?: string[];
}

interface Moving {
  bus: Bus;
  from: { lat: number; lon: number };
  since: number;
}

/** A little longer than the service's beat: a bus that waits for late news would jerk. */
const BEAT = 2_200;

export class Fleet {
  readonly #all = new Map<string, Moving>();

  hear(news: News, isWhole: boolean, now: number) {
    if (isWhole) {
      const told = new Set(news.buses.map(bus => bus.id));
      for (const id of this.#all.keys()) if (!told.has(id)) this.#all.delete(id);
    }
    for (const id of news.gone ?? []) this.#all.delete(id);
    for (const bus of news.buses) {
      const known = this.#all.get(bus.id);
      const from = known ? where(known, now) : { lat: bus.lat, lon: bus.lon };
      this.#all.set(bus.id, { bus, from, since: now });
    }
  }

  /** Every bus as it is to be shown now; at once where it was told to be when `still`. */
  *at(now: number, still = false): Generator<{ bus: Bus; lat: number; lon: number }> {
    for (const moving of this.#all.values()) {
      const place = still ? moving.bus : where(moving, now);
      yield { bus: moving.bus, lat: place.lat, lon: place.lon };
    }
  }

  get size(): number {
    return this.#all.size;
  }
}

function where({ bus, from, since }: Moving, now: number): { lat: number; lon: number } {
  const part = Math.min(1, Math.max(0, (now - since) / BEAT));
  return { lat: from.lat + (bus.lat - from.lat) * part, lon: from.lon + (bus.lon - from.lon) * part };
}
