import L from "leaflet";
import { useEffect } from "react";
import type { components } from "../api/schema";
import { useMap } from "../map/CityMap";
import { useTones } from "../map/colours";
import { useFormats, useTexts } from "../texts/texts";
import { strength } from "./density";

type Cell = components["schemas"]["Feature_Polygon_CellProperties"];

/** Where people live, cell by cell; those whom no stop serves are framed. */
export function Hexagons({ cells }: { cells: Cell[] }) {
  const map = useMap();
  const tones = useTones();
  const t = useTexts();
  const f = useFormats();
  useEffect(() => {
    const pane = map.getPane("hexagons") ?? map.createPane("hexagons");
    pane.style.zIndex = "300";
    const renderer = L.canvas({ pane: "hexagons" });
    const layer = L.layerGroup();
    for (const { geometry, properties: cell } of cells) {
      const ring = geometry.coordinates[0]?.map(([lon = 0, lat = 0]): L.LatLngTuple => [lat, lon]);
      if (!ring || cell.people <= 0) continue;
      const isUnserved = cell.unserved > cell.people / 2;
      const text = document.createElement("span");
      text.textContent = `${t.journey.people(f.number(Math.round(cell.people)))}, ${t.journey.stopsHere(cell.stops)}`;
      L.polygon(ring, {
        renderer,
        stroke: isUnserved,
        color: tones.danger,
        weight: 1.5,
        fillColor: tones.brand,
        fillOpacity: strength(cell.people_per_square_kilometre),
      })
        .bindTooltip(text, { sticky: true })
        .addTo(layer);
    }
    layer.addTo(map);
    return () => {
      layer.remove();
      renderer.remove();
    };
  }, [map, cells, tones, t, f]);
  return null;
}
