import { LocateFixed } from "lucide-react";
import { useState } from "react";
import { AddressField } from "../parts/AddressField";
import { announce } from "../parts/announce";
import { IconButton } from "../parts/Button";
import { useTexts } from "../texts/texts";
import { setPlace, usePlace } from "./place";

const PATIENCE = 10_000;

/** The address that shops are near to: typed, or the browser's place. */
export function WhereTo() {
  const t = useTexts();
  const place = usePlace();
  const [text, setText] = useState(place?.text ?? "");
  const [state, setState] = useState<"still" | "asking" | "refused">("still");
  const take = (next: typeof place) => {
    setPlace(next);
    setText(next?.text ?? "");
    setState("still");
  };
  const locate = () => {
    setState("asking");
    const refused = () => {
      setState("refused");
      announce(t.order.noPlace, "assertive");
    };
    if (!navigator.geolocation) return refused();
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => take({ text: t.order.myPlace, lat: coords.latitude, lon: coords.longitude }),
      refused,
      { timeout: PATIENCE, maximumAge: 60_000 },
    );
  };
  return (
    <AddressField
      name="where"
      label={t.order.whereTo}
      text={text}
      near={place}
      error={state === "refused" ? t.order.noPlace : undefined}
      onText={next => {
        setText(next);
        if (next === "") take(undefined);
      }}
      onPick={take}
      beside={
        <IconButton label={t.order.useMyPlace} look="quiet" busy={state === "asking"} onClick={locate}>
          <LocateFixed size={20} aria-hidden />
        </IconButton>
      }
    />
  );
}
