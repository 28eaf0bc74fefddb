import { CloudOff } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { tryNow, useConnection } from "../api/connection";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { useTexts } from "../texts/texts";

/** Told once when the service goes away and once when it is back; the seconds in between are for the eyes only. */
export function AwayBanner() {
  const t = useTexts();
  const { away, nextTry } = useConnection();
  const seconds = useSecondsTo(nextTry);
  const wasAway = useRef(false);

  useEffect(() => {
    if (away && !wasAway.current) announce(t.states.away, "assertive");
    if (!away && wasAway.current) announce(t.states.back);
    wasAway.current = away;
  }, [away, t]);

  if (!away) return null;
  return (
    <section className="away" aria-label={t.states.failed}>
      <div className="inner">
        <CloudOff size={20} aria-hidden />
        <p>
          {t.states.away}{" "}
          <span aria-hidden="true">
            {seconds === undefined ? t.states.awayNow : t.states.awayIn(seconds)}
          </span>
        </p>
        <Button look="quiet" size="compact" onClick={tryNow}>
          {t.states.tryNow}
        </Button>
      </div>
    </section>
  );
}

function useSecondsTo(at: number | undefined): number | undefined {
  const [now, tick] = useState(Date.now);
  useEffect(() => {
    if (at === undefined) return;
    tick(Date.now());
    const timer = setInterval(() => tick(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [at]);
  return at === undefined ? undefined : Math.max(1, Math.ceil((at - now) / 1000));
}
