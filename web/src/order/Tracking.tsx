import "./order.css";
import "./tracking.css";
import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, MapPin } from "lucide-react";
import { lazy, Suspense, useEffect, useRef } from "react";
import { Link, useParams } from "react-router";
import type { Order, Shop } from "../api/client";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { Confirm } from "../parts/Confirm";
import { Page } from "../parts/Page";
import { Failed, Notice } from "../parts/Problem";
import { Bones } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { shopQuery } from "./catalog";
import { isOver, shortId, useMove, useOrder } from "./orders";
import { Way } from "./Way";

const DeliveryMap = lazy(() => import("../map/DeliveryMap"));

export default function Tracking() {
  const t = useTexts();
  const id = useParams().id ?? "";
  const order = useOrder(id);
  if (order.data) return <Live order={order.data} />;
  if (order.isError) {
    return (
      <Page title={t.states.failed}>
        <Failed error={order.error} again={() => void order.refetch()} />
      </Page>
    );
  }
  return (
    <div className="page">
      <Bones height="9rem" />
    </div>
  );
}

function Live({ order }: { order: Order }) {
  const t = useTexts();
  const f = useFormats();
  const shop = useQuery(shopQuery(order.shop_id)).data;
  useSaid(order);
  const above = (
    <Link to="/orders" className="back">
      <ArrowLeft size={18} aria-hidden />
      {t.tracking.history}
    </Link>
  );
  return (
    <Page
      title={shop ? t.tracking.title(shop.name) : t.tracking.number(shortId(order.id))}
      above={above}
      className="tracking"
    >
      <div className="columns">
        <div className="stack">
          <section className="card now" aria-label={t.tracking.progress}>
            <p className="says">
              {!isOver(order.state) && (
                <span className="badge way">
                  <span className="pulse" aria-hidden="true" />
                  {t.tracking.live}
                </span>
              )}
              <strong>{t.tracking.says[order.state]}</strong>
            </p>
            <Way state={order.state} />
            <p className="muted small">
              {t.tracking.number(shortId(order.id))} · {t.tracking.placedAt(f.moment(order.placed_at))}
            </p>
          </section>
          <Goes order={order} shop={shop} />
        </div>
        <Receipt order={order} />
      </div>
    </Page>
  );
}

/** Says each new state once, to people who don't see it. */
function useSaid(order: Order) {
  const t = useTexts();
  const before = useRef(order.state);
  useEffect(() => {
    if (before.current === order.state) return;
    before.current = order.state;
    announce(
      `${t.tracking.now(t.tracking.states[order.state])}. ${t.tracking.says[order.state]}`,
      "assertive",
    );
  }, [order.state, t]);
}

function Goes({ order, shop }: { order: Order; shop: Shop | undefined }) {
  const t = useTexts();
  return (
    <section className="card stack" aria-label={t.tracking.way}>
      <div className="goes">
        <MapPin size={22} aria-hidden />
        <div>
          <p className="muted small">{t.tracking.to}</p>
          <p>{order.address.text}</p>
        </div>
        <span className="badge">{t.checkout.modes[order.mode]}</span>
      </div>
      {shop && (
        <Suspense fallback={<Bones count={1} height="18rem" />}>
          <DeliveryMap shop={shop} to={order.address} mode={order.mode} trip={order.delivery} />
        </Suspense>
      )}
    </section>
  );
}

function Receipt({ order }: { order: Order }) {
  const t = useTexts();
  const f = useFormats();
  const move = useMove();
  return (
    <aside className="card receipt stack" aria-label={t.checkout.summary}>
      <h2>{t.checkout.summary}</h2>
      <ul>
        {order.lines.map(line => (
          <li key={line.product_id}>
            <span className="figures muted">{line.quantity} ×</span>
            <span>{line.name}</span>
            <span className="figures">
              {f.money({ ...line.price, amount: line.price.amount * line.quantity })}
            </span>
          </li>
        ))}
      </ul>
      <p className="total">
        <span>{t.cart.total}</span>
        <strong className="figures">{f.money(order.total)}</strong>
      </p>
      {order.note && (
        <p className="muted">
          {t.board.note}: {order.note}
        </p>
      )}
      <Notice error={move.error} />
      {order.state === "placed" && (
        <Confirm
          trigger={
            <Button look="danger" busy={move.isPending}>
              {t.tracking.cancel}
            </Button>
          }
          title={t.tracking.cancelSure}
          more={t.tracking.cancelMore}
          yes={t.tracking.cancelYes}
          no={t.tracking.cancelNo}
          onYes={() => move.mutate({ id: order.id, to: "cancelled" })}
        />
      )}
    </aside>
  );
}
