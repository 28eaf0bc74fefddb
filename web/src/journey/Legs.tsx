import { useQuery } from "@tanstack/react-query";
import { cityQuery } from "../api/place";
import { useFormats, useTexts } from "../texts/texts";
import type { Journey, Leg } from "./routes";
import { MEANS, readableOn } from "./signs";

/** A journey told leg by leg: a line with its stops. */
export function Legs({ journey }: { journey: Journey }) {
  const t = useTexts();
  const f = useFormats();
  const zone = useQuery(cityQuery()).data?.zone;
  return (
    <ol className="legs" aria-label={t.journey.steps}>
      {journey.legs.map(leg => (
        <li
          key={`${leg.depart}-${leg.means}`}
          data-means={leg.means}
          style={leg.ride ? ({ "--line": leg.ride.colour } as React.CSSProperties) : undefined}
        >
          <span className="time figures">{f.time(leg.depart, zone)}</span>
          <span className="dot" aria-hidden="true" />
          <OneLeg leg={leg} />
        </li>
      ))}
      <li data-means="end">
        <span className="time figures">{f.time(journey.arrive, zone)}</span>
        <span className="dot" aria-hidden="true" />
        <strong>{journey.legs.at(-1)?.to ?? t.journey.there}</strong>
      </li>
    </ol>
  );
}

function OneLeg({ leg }: { leg: Leg }) {
  const t = useTexts();
  const f = useFormats();
  const Sign = MEANS[leg.means];
  const long = f.duration((Date.parse(leg.arrive) - Date.parse(leg.depart)) / 1000);
  if (leg.means === "wait") return <span className="muted">{t.journey.wait(long)}</span>;
  if (leg.ride) {
    const { line, headsign, colour, calls } = leg.ride;
    return (
      <div>
        <strong>{leg.from}</strong>
        <p>
          <span className="line-badge" style={{ background: colour, color: readableOn(colour) }}>
            {line}
          </span>{" "}
          {t.journey.towards(headsign)}
        </p>
        <p className="muted small">
          {t.journey.stops(Math.max(1, calls.length - 1))} · {long} · {t.journey.getOff(leg.to ?? "")}
        </p>
      </div>
    );
  }
  return (
    <div>
      <strong>{leg.from ?? t.journey.here}</strong>
      <p className="muted small way-leg">
        <Sign size={16} aria-hidden />
        {t.journey.means[leg.means]} · {f.distance(leg.metres)} · {long}
      </p>
    </div>
  );
}
