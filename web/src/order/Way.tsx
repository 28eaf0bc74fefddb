import { Check, X } from "lucide-react";
import type { OrderState } from "../api/client";
import { useTexts } from "../texts/texts";

const STOPS: readonly OrderState[] = ["placed", "accepted", "preparing", "on_the_way", "delivered"];

/** How far an order has come, as a line with its stops. */
export function Way({ state }: { state: OrderState }) {
  const t = useTexts();
  if (state === "cancelled") {
    return (
      <p className="badge bad">
        <X size={16} aria-hidden />
        {t.tracking.states.cancelled}
      </p>
    );
  }
  const at = STOPS.indexOf(state);
  return (
    <ol className="stops" aria-label={t.tracking.progress}>
      {STOPS.map((stop, index) => (
        <li
          key={stop}
          data-been={index < at || state === "delivered" || undefined}
          aria-current={index === at ? "step" : undefined}
        >
          <span className="stop">
            {(index < at || state === "delivered") && <Check size={14} strokeWidth={3.5} aria-hidden />}
          </span>
          <span className="name">{t.tracking.states[stop]}</span>
        </li>
      ))}
    </ol>
  );
}
