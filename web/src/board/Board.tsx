import "./board.css";
import type { Order, OrderState } from "../api/client";
import { announce } from "../parts/announce";
import { Page } from "../parts/Page";
import { Answer, Bones } from "../parts/States";
import { useTexts } from "../texts/texts";
import { useArrivals, useUnderWay } from "./incoming";
import { SHOP_MOVES } from "./moves";
import { ShopTabs } from "./ShopTabs";
import { Ticket } from "./Ticket";

const COLUMNS = ["placed", "accepted", "preparing", "on_the_way"] as const satisfies readonly OrderState[];

/** The shop's orders under way, in the columns of their states. */
export default function Board() {
  const t = useTexts();
  const orders = useUnderWay("shop", COLUMNS);
  useArrivals(orders.data, order => {
    if (order.state === "placed") announce(t.board.newOrder(order.lines.length), "assertive");
  });
  return (
    <Page title={t.board.title} lead={t.board.lead} above={<ShopTabs />}>
      <Answer query={orders} loading={<Bones className="board" count={4} height="14rem" />}>
        {all => (
          <div className="board">
            {COLUMNS.map(state => (
              <Column key={state} state={state} orders={all.filter(order => order.state === state)} />
            ))}
          </div>
        )}
      </Answer>
    </Page>
  );
}

function Column({ state, orders }: { state: (typeof COLUMNS)[number]; orders: Order[] }) {
  const t = useTexts();
  const oldestFirst = orders.toSorted((a, b) => a.placed_at.localeCompare(b.placed_at));
  return (
    <section aria-labelledby={`column-${state}`} className="column">
      <h2 id={`column-${state}`}>
        {t.board.columns[state]} <span className="badge figures">{orders.length}</span>
      </h2>
      {orders.length === 0 && <p className="none muted">{t.board.none}</p>}
      {oldestFirst.map(order => (
        <Ticket key={order.id} order={order} moves={SHOP_MOVES[state as OrderState] ?? []} />
      ))}
    </section>
  );
}
