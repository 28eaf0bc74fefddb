import L from "leaflet";
import { useEffect } from "react";
import type { components } from "../api/schema";
import { useMap } from "./CityMap";
import { type Tones, useTones } from "./colours";
import { decode, type LatLon } from "./polyline";

type Streets = components["schemas"]["Streets"];

/** How wide a kind of street is drawn, and in which tone; what isn't named is a path. */
const LOOKS: Record<string, { width: number; tone: keyof Tones; dash?: string }> = {
  motorway: { width: 5, tone: "edge" },
  trunk: { width: 4.5, tone: "edge" },
  primary: { width: 4, tone: "edge" },
  secondary: { width: 3.2, tone: "edge" },
  tertiary: { width: 2.6, tone: "edge" },
  street: { width: 1.6, tone: "edge" },
  living: { width: 1.4, tone: "edge" },
  service: { width: 1, tone: "edge" },
};
/** In which tone what lies between the streets is filled; a river is a line. */
const GROUNDS: Record<Streets["grounds"][number]["kind"], keyof Tones> = {
  park: "green",
  river: "water",
  water: "water",
};
const RIVER = 7;

const PATH = { width: 0.8, tone: "edge" as const, dash: "2 3" };

/** What everything else lies on: the city's own streets, or tiles. */
export function Ground({ streets, tiles }: { streets: Streets | undefined; tiles: string | undefined }) {
  const map = useMap();
  const tones = useTones();

  useEffect(() => {
    if (!tiles) return;
    const layer = L.tileLayer(tiles, { maxZoom: 19 }).addTo(map);
    return () => void layer.remove();
  }, [map, tiles]);

  useEffect(() => {
    if (!streets || tiles) return;
    const pane = map.getPane("streets") ?? map.createPane("streets");
    pane.style.zIndex = "250";
    pane.style.pointerEvents = "none";
    const renderer = L.canvas({ pane: "streets", padding: 0.3 });
    const layer = L.layerGroup();
    // The browser keeps this answer for long: one of an older release has streets alone.
    for (const { kind, lines } of streets.grounds ?? []) {
      const tone = tones[GROUNDS[kind]];
      const look = { renderer, interactive: false, color: tone, smoothFactor: 1.5 };
      const points: LatLon[][] = lines.map(decode);
      if (kind === "river") L.polyline(points, { ...look, weight: RIVER }).addTo(layer);
      // Each outline is one of its own: in one polygon those that overlap would be holes.
      else
        for (const outline of points)
          L.polygon(outline, { ...look, stroke: false, fillOpacity: 1 }).addTo(layer);
    }
    // The most important come first and have to lie on top.
    for (const kind of streets.classes.toReversed()) {
      const look = LOOKS[kind.class] ?? PATH;
      const lines: LatLon[][] = kind.streets.flatMap(street => street.lines.map(decode));
      const opacity = 0.16 + look.width * 0.09;
      L.polyline(lines, {
        renderer,
        interactive: false,
        color: tones[look.tone],
        weight: look.width,
        opacity,
        smoothFactor: 1.5,
        ...("dash" in look && look.dash ? { dashArray: look.dash } : {}),
      }).addTo(layer);
    }
    layer.addTo(map);
    return () => {
      layer.remove();
      renderer.remove();
    };
  }, [map, streets, tiles, tones]);

  return null;
}
