import { useEffect, useState } from "react";
import { follow } from "../api/follow";
import { useMap } from "../map/CityMap";
import { movesLess, useTones } from "../map/colours";
import { useTexts } from "../texts/texts";
import { BusLayer } from "./BusLayer";
import { Fleet, type News } from "./fleet";

/** The buses under way, live. */
export function Buses() {
  const t = useTexts();
  const map = useMap();
  const tones = useTones();
  const [count, setCount] = useState<number>();
  const [fleet] = useState(() => new Fleet());

  useEffect(() => {
    const end = new AbortController();
    void follow<News>("/api/buses/stream", {
      signal: end.signal,
      onlySeen: true,
      onEvent: (news, kind) => {
        fleet.hear(news, kind === "picture", performance.now());
        setCount(fleet.size);
      },
    });
    return () => end.abort();
  }, [fleet]);

  useEffect(() => {
    const layer = new BusLayer(fleet, tones, movesLess()).addTo(map);
    return () => void layer.remove();
  }, [map, fleet, tones]);

  return count === undefined ? null : <p className="map-note figures">{t.journey.busCount(count)}</p>;
}
