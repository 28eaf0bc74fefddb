import "leaflet/dist/leaflet.css";
import "./map.css";
import { useQuery } from "@tanstack/react-query";
import L from "leaflet";
import { createContext, type ReactNode, use, useEffect, useRef, useState } from "react";
import { answer, api } from "../api/client";
import { cityQuery, pageQuery } from "../api/place";
import { Failed } from "../parts/Problem";
import { useTexts } from "../texts/texts";
import { movesLess } from "./colours";
import { Ground } from "./Ground";

const Context = createContext<L.Map | undefined>(undefined);

/** The map that a layer is on. */
export function useMap(): L.Map {
  const map = use(Context);
  if (!map) throw new Error("outside of CityMap");
  return map;
}

interface Shown {
  label: string;
  /** Pressed: somebody means this point. */
  onPress?: (at: L.LatLng) => void;
  className?: string;
  children?: ReactNode;
}

/** The city, drawn from its own streets or from tiles where they are set. Layers are its children. */
export default function CityMap({ label, onPress, className = "", children }: Shown) {
  const t = useTexts();
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<L.Map>();
  const city = useQuery(cityQuery());
  const tiles = useQuery(pageQuery()).data?.tiles;
  const streets = useQuery({
    queryKey: ["streets"],
    queryFn: ({ signal }) => answer(api.GET("/api/city/streets", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: tiles === undefined,
  });
  const bounds = city.data?.bounds;
  const attribution = city.data?.attribution;

  useEffect(() => {
    if (!box.current || !bounds) return;
    const still = movesLess();
    const made = L.map(box.current, {
      preferCanvas: true,
      zoomControl: false,
      attributionControl: false,
      zoomSnap: 0.5,
      // Leaflet goes on with an animation after its map has been taken away, and trips over that.
      zoomAnimation: false,
      fadeAnimation: !still,
      inertia: !still,
      // A finger that scrolls the page must not get caught in the map.
      scrollWheelZoom: false,
      minZoom: 10,
      maxZoom: 18,
    });
    L.control
      .zoom({ position: "topright", zoomInTitle: t.map.closer, zoomOutTitle: t.map.farther })
      .addTo(made);
    const edges = L.latLngBounds([bounds.south, bounds.west], [bounds.north, bounds.east]);
    made.fitBounds(edges);
    made.setMaxBounds(edges.pad(0.5));
    const resized = new ResizeObserver(() => made.invalidateSize({ animate: false }));
    resized.observe(box.current);
    setMap(made);
    return () => {
      resized.disconnect();
      setMap(undefined);
      made.remove();
    };
  }, [bounds, t]);

  useEffect(() => {
    if (!map || !attribution) return;
    const line = L.control.attribution({ prefix: false }).addTo(map);
    line.addAttribution(escaped(tiles?.attribution ?? attribution));
    return () => void line.remove();
  }, [map, attribution, tiles]);

  const press = useRef(onPress);
  useEffect(() => {
    press.current = onPress;
  });
  useEffect(() => {
    if (!map) return;
    const heard = (event: L.LeafletMouseEvent) => press.current?.(event.latlng);
    map.on("click", heard);
    return () => void map.off("click", heard);
  }, [map]);

  if (city.isError) return <Failed error={city.error} again={() => void city.refetch()} />;
  return (
    <div className={`map ${onPress ? "choosing" : ""} ${className}`}>
      <section ref={box} className="canvas" aria-label={label} />
      {map && (
        <Context value={map}>
          <Ground streets={streets.data} tiles={tiles?.url} />
          {children}
        </Context>
      )}
      {streets.isLoading && <p className="map-note">{t.map.drawing}</p>}
    </div>
  );
}

/** Leaflet takes an attribution for markup; what the service tells is text. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`);
}
