import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import type { UseQueryResult } from "@tanstack/react-query";
import { Bike, BusFront, Car, Footprints } from "lucide-react";
import type { DeliveryMode } from "../api/client";
import { useFormats, useTexts } from "../texts/texts";
import { cleanest, type DeliveryWay, fastest, MODES } from "./ways";

const SIGNS = { bike: Bike, foot: Footprints, bus: BusFront, car: Car };

interface Compared {
  ways: UseQueryResult<DeliveryWay[]>;
  isAsked: boolean;
  mode: DeliveryMode;
  choose: (mode: DeliveryMode) => void;
}

/** How it shall come, compared: how long it takes, and what it puts into the air. */
export function Modes({ ways, isAsked, mode, choose }: Compared) {
  const t = useTexts();
  const f = useFormats();
  const known = ways.data ?? [];
  return (
    <section className="card stack" aria-labelledby="mode">
      <h2 id="mode">{t.checkout.mode}</h2>
      {isAsked && (ways.isError || ways.data?.length === 0) && (
        <p className="notice warn">{t.checkout.noRoute}</p>
      )}
      <RadioGroup
        className="modes"
        aria-labelledby="mode"
        value={mode}
        onValueChange={value => choose(value as DeliveryMode)}
      >
        {MODES.map(one => {
          const way = known.find(found => found.mode === one);
          const Sign = SIGNS[one];
          return (
            // biome-ignore lint/a11y/noLabelWithoutControl: the library's dot is a control
            <label key={one} className="mode">
              <Radio.Root value={one} className="dot">
                <Radio.Indicator className="inner" />
              </Radio.Root>
              <Sign size={24} aria-hidden />
              <span className="name">{t.checkout.modes[one]}</span>
              <span className="facts figures">
                {way && <span>{f.duration(way.seconds)}</span>}
                {way && <span className="muted">{f.distance(way.metres)}</span>}
                {way && <span className="muted">{t.checkout.emissions(f.weight(way.grams))}</span>}
              </span>
              <span className="tags">
                {way && fastest(known) === one && <span className="badge way">{t.checkout.fastest}</span>}
                {way && cleanest(known) === one && <span className="badge good">{t.checkout.cleanest}</span>}
              </span>
            </label>
          );
        })}
      </RadioGroup>
    </section>
  );
}
