import { Bike, BusFront, Car, Footprints, MapPin, StickyNote } from "lucide-react";
import type { DeliveryMode, Order, OrderState } from "../api/client";
import { shortId, useMove } from "../order/orders";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { Confirm } from "../parts/Confirm";
import { Notice } from "../parts/Problem";
import { useFormats, useTexts } from "../texts/texts";

const SIGNS: Record<DeliveryMode, typeof Bike> = { bike: Bike, foot: Footprints, bus: BusFront, car: Car };

/** An order as those see it who work on it. */
export function Ticket({
  order,
  moves,
  shopName,
}: {
  order: Order;
  moves: readonly OrderState[];
  shopName?: string | undefined;
}) {
  const t = useTexts();
  const f = useFormats();
  const move = useMove();
  const number = shortId(order.id);
  const Sign = SIGNS[order.mode];
  const to = (state: OrderState) =>
    move.mutate(
      { id: order.id, to: state },
      { onSuccess: () => announce(t.board.moved(number, t.tracking.states[state])) },
    );
  return (
    <article className="ticket card" aria-label={t.tracking.number(number)}>
      <header className="spread">
        <h3 className="figures">{number}</h3>
        <span className="muted small">{f.ago(order.placed_at)}</span>
      </header>
      {shopName && <p className="from">{shopName}</p>}
      <ul>
        {order.lines.map(line => (
          <li key={line.product_id}>
            <strong className="figures">{line.quantity}</strong> {line.name}
          </li>
        ))}
      </ul>
      {order.note && (
        <p className="note">
          <StickyNote size={16} aria-hidden />
          <span className="hidden-text">{t.board.note}: </span>
          {order.note}
        </p>
      )}
      <p className="muted small where">
        <MapPin size={16} aria-hidden />
        {order.address.text}
      </p>
      <p className="muted small where">
        <Sign size={16} aria-hidden />
        <span>
          {t.checkout.modes[order.mode]} · <span className="figures">{f.money(order.total)}</span>
        </span>
      </p>
      <Notice error={move.error} />
      {moves.length > 0 && (
        <div className="row">
          {moves.map(state => {
            const label = t.board.moveNamed(t.board.moves[state] ?? state, number);
            const busy = move.isPending && move.variables.to === state;
            if (state !== "cancelled") {
              return (
                <Button key={state} size="compact" aria-label={label} busy={busy} onClick={() => to(state)}>
                  {t.board.moves[state]}
                </Button>
              );
            }
            return (
              <Confirm
                key={state}
                trigger={
                  <Button look="bare" size="compact" aria-label={label} busy={busy}>
                    {t.board.moves[state]}
                  </Button>
                }
                title={t.board.declineSure(number)}
                more={t.board.declineMore}
                yes={t.board.moves.cancelled ?? ""}
                no={t.states.cancel}
                onYes={() => to(state)}
              />
            );
          })}
        </div>
      )}
    </article>
  );
}
