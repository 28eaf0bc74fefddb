import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import { ArrowDownUp } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { AddressField } from "../parts/AddressField";
import { IconButton } from "../parts/Button";
import { useTexts } from "../texts/texts";
import { SIGNS } from "./signs";
import { ALL, type Mode, type Trip, type When } from "./trip";

interface Asked {
  trip: Trip;
  change: (next: Partial<Trip>) => void;
}

export function TripForm({ trip, change }: Asked) {
  const t = useTexts();
  return (
    <section className="card stack trip" aria-label={t.journey.title}>
      <div className="ends">
        <End name="from" label={t.journey.from} place={trip.from} pick={from => change({ from })} />
        <IconButton
          label={t.journey.swap}
          look="quiet"
          className="swap"
          onClick={() => change({ from: trip.to, to: trip.from })}
        >
          <ArrowDownUp size={18} aria-hidden />
        </IconButton>
        <End name="to" label={t.journey.to} place={trip.to} pick={to => change({ to })} />
      </div>
      <Time trip={trip} change={change} />
      <Modes trip={trip} change={change} />
    </section>
  );
}

interface Ended {
  name: string;
  label: string;
  place: Trip["from"];
  pick: (place: Trip["from"]) => void;
}

function End({ name, label, place, pick }: Ended) {
  const [text, setText] = useState(place?.text ?? "");
  // Swapped, chosen on the map, or come by a link.
  useEffect(() => setText(place?.text ?? ""), [place?.text]);
  return <AddressField name={name} label={label} text={text} near={place} onText={setText} onPick={pick} />;
}

function Time({ trip, change }: Asked) {
  const t = useTexts();
  const id = useId();
  const pad = (n: number) => String(n).padStart(2, "0");
  const now = () => {
    const at = new Date();
    return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
  };
  return (
    <div className="time">
      <div className="field">
        <label htmlFor={`${id}-when`}>{t.journey.when}</label>
        <select
          id={`${id}-when`}
          className="input"
          value={trip.when}
          onChange={event => {
            const when = event.target.value as When;
            change({ when, at: when === "now" ? "" : trip.at || now() });
          }}
        >
          {(["now", "depart", "arrive"] as const).map(when => (
            <option key={when} value={when}>
              {t.journey.whens[when]}
            </option>
          ))}
        </select>
      </div>
      {trip.when !== "now" && (
        <div className="field">
          <label htmlFor={`${id}-at`}>{t.journey.at}</label>
          <input
            id={`${id}-at`}
            className="input"
            type="datetime-local"
            value={trip.at}
            onChange={event => event.target.value && change({ at: event.target.value.slice(0, 16) })}
          />
        </div>
      )}
    </div>
  );
}

function Modes({ trip, change }: Asked) {
  const t = useTexts();
  return (
    <ToggleGroup
      multiple
      className="chips modes-asked"
      aria-label={t.journey.modesLabel}
      value={[...trip.modes]}
      onValueChange={chosen => {
        const modes = ALL.filter(mode => (chosen as Mode[]).includes(mode));
        if (modes.length) change({ modes });
      }}
    >
      {ALL.map(mode => {
        const Sign = SIGNS[mode];
        return (
          <Toggle key={mode} value={mode} className="chip">
            <Sign size={18} aria-hidden />
            {t.journey.modes[mode]}
          </Toggle>
        );
      })}
    </ToggleGroup>
  );
}
