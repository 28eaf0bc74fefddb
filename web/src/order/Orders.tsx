import "./order.css";
import "./tracking.css";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ClipboardList } from "lucide-react";
import { Link } from "react-router";
import type { Order, OrderState, Shop } from "../api/client";
import { Button, ButtonLink } from "../parts/Button";
import { Page } from "../parts/Page";
import { Failed } from "../parts/Problem";
import { Bones, Empty } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { shopsQuery } from "./catalog";
import { isOver, ordersQuery } from "./orders";
import { Tile } from "./Tile";

export default function Orders() {
  const t = useTexts();
  return (
    <Page title={t.tracking.history}>
      <List />
    </Page>
  );
}

function List() {
  const t = useTexts();
  const orders = useInfiniteQuery(ordersQuery("mine"));
  const shops = useQuery(shopsQuery()).data ?? [];
  if (orders.isPending) return <Bones className="order-list" height="5.6rem" />;
  if (orders.isError) return <Failed error={orders.error} again={() => void orders.refetch()} />;
  const all = orders.data.pages.flatMap(page => page.items);
  if (all.length === 0) {
    return (
      <Empty
        icon={ClipboardList}
        title={t.tracking.none}
        action={<ButtonLink to="/">{t.cart.toShops}</ButtonLink>}
      >
        {t.tracking.noneMore}
      </Empty>
    );
  }
  return (
    <div className="order-list">
      {all.map(order => (
        <OrderCard key={order.id} order={order} shop={shops.find(shop => shop.id === order.shop_id)} />
      ))}
      {orders.hasNextPage && (
        <Button look="quiet" busy={orders.isFetchingNextPage} onClick={() => void orders.fetchNextPage()}>
          {t.states.more}
        </Button>
      )}
    </div>
  );
}

function OrderCard({ order, shop }: { order: Order; shop: Shop | undefined }) {
  const t = useTexts();
  const f = useFormats();
  return (
    <article className="order card">
      <Tile of={shop?.kind ?? ""} size={26} />
      <div>
        <h2>
          <Link to={`/orders/${order.id}`}>{shop?.name ?? t.states.loading}</Link>
        </h2>
        <p className="muted small">{order.lines.map(line => `${line.quantity} × ${line.name}`).join(", ")}</p>
        <p className="muted small">{f.moment(order.placed_at)}</p>
      </div>
      <div className="end">
        <span className="price figures">{f.money(order.total)}</span>
        <StateBadge state={order.state} />
      </div>
    </article>
  );
}

export function StateBadge({ state }: { state: OrderState }) {
  const t = useTexts();
  const tone = state === "cancelled" ? "bad" : isOver(state) ? "" : "way";
  return <span className={`badge ${tone}`}>{t.tracking.states[state]}</span>;
}
