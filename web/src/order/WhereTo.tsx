import { LocateFixed } from "lucide-react";
import { lazy, Suspense, useId, useState } from "react";
import { announce } from "../parts/announce";
import { IconButton } from "../parts/Button";
import { useTexts } from "../texts/texts";
import { setPlace, usePlace } from "./place";

const PATIENCE = 10_000;

/** As heavy as all the rest of the start: it comes when somebody turns to it. */
const AddressField = lazy(async () => ({ default: (await import("../parts/AddressField")).AddressField }));

/** The address that shops are near to: typed, or the browser's place. */
export function WhereTo() {
  const t = useTexts();
  const id = useId();
  const place = usePlace();
  const [isTurnedTo, turn] = useState(false);
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
  const beside = (
    <IconButton label={t.order.useMyPlace} look="quiet" busy={state === "asking"} onClick={locate}>
      <LocateFixed size={20} aria-hidden />
    </IconButton>
  );
  const plain = (
    <div className="field address">
      <label htmlFor={id}>{t.order.whereTo}</label>
      <div className="with-button">
        <input
          id={id}
          name="where"
          className="input"
          maxLength={200}
          placeholder={t.order.wherePlaceholder}
          autoComplete="off"
          value={text}
          onFocus={() => turn(true)}
          onChange={event => setText(event.target.value)}
        />
        {beside}
      </div>
      {state === "refused" && <p className="error">{t.order.noPlace}</p>}
    </div>
  );
  if (!isTurnedTo) return plain;
  return (
    <Suspense fallback={plain}>
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
        beside={beside}
        takesFocus
      />
    </Suspense>
  );
}
