import { LocateFixed, MapPin } from "lucide-react";
import { useState } from "react";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { useTexts } from "../texts/texts";
import { setPlace, usePlace } from "./place";

const PATIENCE = 10_000;

/** The address that shops are near to. */
export function WhereTo() {
  const t = useTexts();
  const place = usePlace();
  const [state, setState] = useState<"still" | "asking" | "refused">("still");
  const locate = () => {
    setState("asking");
    const refused = () => {
      setState("refused");
      announce(t.order.noPlace, "assertive");
    };
    if (!navigator.geolocation) return refused();
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setState("still");
        setPlace({ text: t.order.myPlace, lat: coords.latitude, lon: coords.longitude });
      },
      refused,
      { timeout: PATIENCE, maximumAge: 60_000 },
    );
  };
  return (
    <div className="where">
      <Button look="quiet" onClick={locate} busy={state === "asking"}>
        {place ? <MapPin size={18} aria-hidden /> : <LocateFixed size={18} aria-hidden />}
        {state === "asking" ? t.order.locating : (place?.text ?? t.order.useMyPlace)}
      </Button>
      {state === "refused" && <p className="small muted">{t.order.noPlace}</p>}
    </div>
  );
}
