import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { DeliveryMode, Order } from "../api/client";
import { linesQuery } from "../order/ways";
import { useFormats, useTexts } from "../texts/texts";
import CityMap from "./CityMap";
import { useTones } from "./colours";
import { Fit, Line, Mark } from "./Layers";
import type { LatLon } from "./polyline";

interface Brought {
  shop: { name: string; lat: number; lon: number };
  to: { text: string; lat: number; lon: number };
  mode: DeliveryMode;
  trip: Order["delivery"];
}

/** The way that an order takes, drawn, and told in words below. */
export default function DeliveryMap({ shop, to, mode, trip }: Brought) {
  const t = useTexts();
  const f = useFormats();
  const tones = useTones();
  const way = useQuery(linesQuery(shop, to)).data?.find(one => one.mode === mode);
  const [start, end] = useMemo(
    (): [LatLon, LatLon] => [
      [shop.lat, shop.lon],
      [to.lat, to.lon],
    ],
    [shop, to],
  );
  const all = useMemo(() => [start, end, ...(way?.points ?? [])], [start, end, way]);
  return (
    <>
      <CityMap label={t.map.delivery}>
        {way && <Line points={way.points} colour={tones.brand} />}
        <Mark at={start} label={shop.name} kind="start" />
        <Mark at={end} label={to.text} kind="end" />
        <Fit points={all} />
      </CityMap>
      {trip && (
        <p className="muted small figures">
          {f.distance(trip.metres)} · {f.duration(trip.seconds)} {t.checkout.estimate} ·{" "}
          {t.checkout.emissions(f.weight(trip.co2e_grams))}
        </p>
      )}
    </>
  );
}
