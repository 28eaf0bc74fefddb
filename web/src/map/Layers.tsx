/** Lines, dots and areas on a map. What they say also stands in the page beside it. */
import L from "leaflet";
import { useEffect } from "react";
import { useMap } from "./CityMap";
import { useTones } from "./colours";
import type { LatLon } from "./polyline";

interface Lined {
  points: LatLon[];
  colour: string;
  dashed?: boolean;
  /** Behind others, and paler. */
  faint?: boolean;
}

/** A way, with an edge of the ground's colour, so that it reads on any street. */
export function Line({ points, colour, dashed, faint }: Lined) {
  const map = useMap();
  const tones = useTones();
  useEffect(() => {
    const look = { interactive: false, lineCap: "round", lineJoin: "round" } as const;
    const dash = dashed ? { dashArray: "1 9" } : {};
    const edge = L.polyline(points, {
      ...look,
      color: tones.paper,
      weight: faint ? 6 : 9,
      opacity: faint ? 0.5 : 0.95,
    });
    const line = L.polyline(points, {
      ...look,
      ...dash,
      color: colour,
      weight: faint ? 3 : 5,
      opacity: faint ? 0.45 : 1,
    });
    const layer = L.layerGroup([edge, line]).addTo(map);
    return () => void layer.remove();
  }, [map, points, colour, dashed, faint, tones]);
  return null;
}

interface Marked {
  at: LatLon;
  label: string;
  kind: "start" | "end" | "stop" | "new";
}

/** A marked place. Its name shows when somebody points at it. */
export function Mark({ at: [lat, lon], label, kind }: Marked) {
  const map = useMap();
  useEffect(() => {
    const icon = L.divIcon({
      className: `mark-${kind}`,
      iconSize: kind === "stop" ? [12, 12] : [26, 26],
      html: "",
    });
    const marker = L.marker([lat, lon], { icon, keyboard: false, interactive: true, alt: label });
    const tip = document.createElement("span");
    tip.textContent = label;
    marker.bindTooltip(tip, { direction: "top", offset: [0, -10] }).addTo(map);
    return () => void marker.remove();
  }, [map, lat, lon, label, kind]);
  return null;
}

/** Shows all of these points, whenever they change. */
export function Fit({ points }: { points: LatLon[] }) {
  const map = useMap();
  useEffect(() => {
    if (points.length === 0) return;
    map.fitBounds(L.latLngBounds(points), { padding: [44, 44], maxZoom: 16, animate: false });
  }, [map, points]);
  return null;
}
