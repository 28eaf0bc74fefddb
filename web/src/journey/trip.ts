/** What somebody asks for: from, to, when and how. It stands in the address, so that it survives and can be shared. */
import type { Place } from "../api/place";
import type { components } from "../api/schema";

export type Mode = components["schemas"]["TravelMode"];
export const ALL: readonly Mode[] = ["bus", "bike", "foot", "car", "bike-and-bus"];
export const USUAL: readonly Mode[] = ["bus", "bike", "foot", "car"];

export type When = "now" | "depart" | "arrive";

export interface Trip {
  from: Place | undefined;
  to: Place | undefined;
  when: When;
  /** The city's own time, as `2026-11-23T08:00`. */
  at: string;
  modes: readonly Mode[];
}

const WHENS: readonly When[] = ["now", "depart", "arrive"];
const AT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/;

export function read(params: URLSearchParams): Trip {
  const at = params.get("at") ?? "";
  const modes = ALL.filter(mode => params.get("modes")?.split(",").includes(mode));
  const when = WHENS.find(one => one === params.get("when")) ?? "now";
  return {
    from: place(params.get("from")),
    to: place(params.get("to")),
    when: AT.test(at) ? when : "now",
    at: AT.test(at) ? at : "",
    modes: modes.length ? modes : USUAL,
  };
}

export function written({ from, to, when, at, modes }: Trip): URLSearchParams {
  const params = new URLSearchParams();
  if (from) params.set("from", `${from.lat.toFixed(6)},${from.lon.toFixed(6)},${from.text}`);
  if (to) params.set("to", `${to.lat.toFixed(6)},${to.lon.toFixed(6)},${to.text}`);
  if (when !== "now" && at) {
    params.set("when", when);
    params.set("at", at);
  }
  if (modes.join() !== USUAL.join()) params.set("modes", modes.join());
  return params;
}

function place(text: string | null): Place | undefined {
  const [lat, lon, ...words] = text?.split(",") ?? [];
  if (!lat || !lon || !Number.isFinite(Number(lat)) || !Number.isFinite(Number(lon))) return undefined;
  return { lat: Number(lat), lon: Number(lon), text: words.join(",").slice(0, 200) };
}
