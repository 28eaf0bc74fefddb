import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useRef, useState } from "react";
import { useLocation } from "react-router";
import type { CartLine, DeliveryMode, Money, Shop } from "../api/client";
import type { Place } from "../api/place";
import { useSession } from "../api/session";
import { signInFrom } from "../frame/Only";
import { AddressField } from "../parts/AddressField";
import { Button, ButtonLink } from "../parts/Button";
import { Field } from "../parts/Field";
import { Notice } from "../parts/Problem";
import { Bones } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { Short } from "./CartPage";
import { useDraft } from "./draft";
import { Modes } from "./Modes";
import { setPlace, usePlace } from "./place";
import { usePlacing } from "./usePlacing";
import { cleanest, waysQuery } from "./ways";

const PickMap = lazy(() => import("../map/PickMap"));

interface Draft {
  text: string;
  details: string;
  note: string;
  mode: DeliveryMode | "";
}

export function CheckoutForm({ shop, lines, total }: { shop: Shop; lines: CartLine[]; total: Money }) {
  const t = useTexts();
  const f = useFormats();
  const here = useLocation();
  const session = useSession();
  const place = usePlace();
  const { draft, change, forget } = useDraft<Draft>("checkout", {
    text: place?.text ?? "",
    details: "",
    note: "",
    mode: "",
  });
  const [wantsPlace, setWantsPlace] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // Words that were changed after choosing mean another place.
  const chosen = place && place.text === draft.text ? place : undefined;
  const pieces = lines.reduce((sum, line) => sum + line.quantity, 0);
  const ways = useQuery(waysQuery(shop, chosen, pieces));
  const mode = draft.mode || (ways.data && cleanest(ways.data)) || "bike";
  const placing = usePlacing(forget);

  const pick = (next: Place) => {
    setPlace(next);
    change({ text: next.text });
    setWantsPlace(false);
  };
  const send = (event: React.FormEvent) => {
    event.preventDefault();
    if (!chosen) {
      setWantsPlace(true);
      const input = form.current?.elements.namedItem("address");
      if (input instanceof HTMLElement) input.focus();
      return;
    }
    const text = [chosen.text, draft.details.trim()].filter(Boolean).join(", ").slice(0, 200);
    placing.place({
      shop_id: shop.id,
      address: { text, lat: chosen.lat, lon: chosen.lon },
      mode,
      ...(draft.note.trim() ? { note: draft.note.trim() } : {}),
    });
  };

  return (
    <form ref={form} className="columns checkout" noValidate onSubmit={send}>
      <div className="stack">
        <section className="card stack" aria-labelledby="where">
          <h2 id="where">{t.checkout.address}</h2>
          <AddressField
            name="address"
            label={t.order.whereTo}
            text={draft.text}
            near={place}
            error={wantsPlace && !chosen ? t.checkout.needPlace : undefined}
            onText={text => change({ text })}
            onPick={pick}
          />
          <Suspense fallback={<Bones count={1} height="22rem" />}>
            <PickMap from={shop} place={chosen} mode={mode} onPick={pick} />
          </Suspense>
          <Field
            name="details"
            label={t.checkout.details}
            placeholder={t.checkout.detailsPlaceholder}
            value={draft.details}
            maxLength={80}
            optional
            onChange={event => change({ details: event.currentTarget.value })}
          />
        </section>
        <Modes
          ways={ways}
          isAsked={chosen !== undefined}
          mode={mode}
          choose={next => change({ mode: next })}
        />
      </div>
      <aside className="card receipt stack" aria-label={t.checkout.summary}>
        <h2>{t.checkout.summary}</h2>
        <ul>
          {lines.map(({ item, quantity, available }) => (
            <li key={item.id}>
              <span className="figures muted">{quantity} ×</span>
              <span>
                {item.name}
                {!available && <Short stock={item.stock} />}
              </span>
              <span className="figures">
                {f.money({ ...item.price, amount: item.price.amount * quantity })}
              </span>
            </li>
          ))}
        </ul>
        <p className="total">
          <span>{t.cart.total}</span>
          <strong className="figures">{f.money(total)}</strong>
        </p>
        <Field
          name="note"
          label={t.checkout.note}
          value={draft.note}
          maxLength={500}
          multiline
          optional
          onChange={event => change({ note: event.currentTarget.value })}
        />
        <Notice error={placing.error} />
        {session.state === "guest" ? (
          <>
            <ButtonLink size="large" to={signInFrom(here)}>
              {t.checkout.signIn}
            </ButtonLink>
            <p className="muted small">{t.checkout.signInMore}</p>
          </>
        ) : (
          <Button type="submit" size="large" busy={placing.isPending}>
            {placing.isPending ? t.checkout.placing : t.checkout.place(f.money(total))}
          </Button>
        )}
      </aside>
    </form>
  );
}
