import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { cityQuery } from "../api/place";
import { useFormats, useTexts } from "../texts/texts";
import { Legs } from "./Legs";
import type { Journey, Leg, Option, Routes } from "./routes";
import { MEANS, readableOn, SIGNS } from "./signs";

interface Compared {
  routes: Routes;
  options: Option[];
  chosen: Option | undefined;
  choose: (option: Option) => void;
}

/** Every way side by side: how long, how far, what it emits against driving, what it costs. */
export function Alternatives({ routes, options, chosen, choose }: Compared) {
  const t = useTexts();
  const none = routes.modes.filter(mode => mode.journeys.length === 0);
  const reasons: Record<string, string> = t.journey.reasons;
  return (
    <section className="stack" aria-label={t.journey.ways}>
      <p className="hidden-text" role="status">
        {t.journey.found(options.length)}
      </p>
      <ul className="alternatives">
        {options.map(option => (
          <li key={option.key} className="card" data-chosen={option.key === chosen?.key || undefined}>
            <Way option={option} isChosen={option.key === chosen?.key} choose={() => choose(option)} />
            {option.key === chosen?.key && <Legs journey={option.journey} />}
          </li>
        ))}
      </ul>
      {none.map(({ mode, reason }) => (
        <p key={mode} className="notice">
          {t.journey.modes[mode]}: {reasons[reason?.code ?? ""] ?? reason?.detail ?? t.journey.noWay}
        </p>
      ))}
      <Sources routes={routes} />
    </section>
  );
}

function Way({ option, isChosen, choose }: { option: Option; isChosen: boolean; choose: () => void }) {
  const t = useTexts();
  const f = useFormats();
  const zone = useQuery(cityQuery()).data?.zone;
  const { mode, journey } = option;
  const Sign = SIGNS[mode];
  return (
    <button type="button" className="alternative" aria-pressed={isChosen} onClick={choose}>
      <span className="head">
        <Sign size={22} aria-hidden />
        <strong>{t.journey.modes[mode]}</strong>
        <span className="when muted figures">
          {f.time(journey.depart, zone)} – {f.time(journey.arrive, zone)}
        </span>
        <span className="long figures">{f.duration(journey.seconds)}</span>
      </span>
      {journey.rides > 0 && <Strip legs={journey.legs} />}
      <span className="facts muted figures">
        <span>{f.distance(journey.metres)}</span>
        <span>{t.checkout.emissions(f.weight(journey.co2e_grams))}</span>
        <Saved journey={journey} />
        {journey.fare && <span>{t.journey.fare(f.money(journey.fare))}</span>}
      </span>
    </button>
  );
}

function Saved({ journey }: { journey: Journey }) {
  const t = useTexts();
  const f = useFormats();
  const saved = journey.saved_grams;
  if (saved === undefined || Math.abs(saved) < 1) return null;
  if (saved > 0) return <span className="badge good">{t.journey.saves(f.weight(saved))}</span>;
  return <span className="badge warn">{t.journey.costs(f.weight(-saved))}</span>;
}

/** The legs in one line: on foot, line 4, on foot. */
function Strip({ legs }: { legs: Leg[] }) {
  const t = useTexts();
  const f = useFormats();
  const shown = legs.filter(leg => leg.means !== "wait");
  return (
    <span className="strip">
      {shown.map((leg, index) => {
        const Sign = MEANS[leg.means];
        const long = (Date.parse(leg.arrive) - Date.parse(leg.depart)) / 1000;
        return (
          <span key={`${leg.depart}-${leg.means}`} className="step">
            {index > 0 && <ChevronRight size={14} aria-hidden />}
            {leg.ride ? (
              <span
                className="line-badge"
                style={{ background: leg.ride.colour, color: readableOn(leg.ride.colour) }}
              >
                <span className="hidden-text">{t.journey.modes.bus} </span>
                {leg.ride.line}
              </span>
            ) : (
              <span className="short-leg small figures">
                <Sign size={16} aria-label={t.journey.means[leg.means]} />
                {f.duration(long)}
              </span>
            )}
          </span>
        );
      })}
    </span>
  );
}

/** What the emissions were worked out with. */
function Sources({ routes }: { routes: Routes }) {
  const t = useTexts();
  const f = useFormats();
  if (routes.factors.length === 0) return null;
  return (
    <details className="sources small muted">
      <summary>{t.journey.sources}</summary>
      <ul>
        {routes.factors.map(factor => (
          <li key={factor.what}>
            {factor.what}: {f.precisely(factor.value)} {factor.unit} ({factor.source}, {factor.year})
          </li>
        ))}
      </ul>
    </details>
  );
}
