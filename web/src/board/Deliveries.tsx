import "./board.css";
import { useQuery } from "@tanstack/react-query";
import { Bike } from "lucide-react";
import type { Order } from "../api/client";
import { shopsQuery } from "../order/catalog";
import { Page } from "../parts/Page";
import { Answer, Empty } from "../parts/States";
import { useTexts } from "../texts/texts";
import { useUnderWay } from "./incoming";
import { COURIER_MOVES } from "./moves";
import { Ticket } from "./Ticket";

const STATES = ["preparing", "on_the_way"] as const;

/** What a courier can take along, and what they are bringing. */
export default function Deliveries() {
  const t = useTexts();
  const orders = useUnderWay("courier", STATES);
  return (
    <Page title={t.board.deliveriesTitle} lead={t.board.deliveriesLead}>
      <Answer query={orders}>
        {all =>
          all.length === 0 ? (
            <Empty icon={Bike} title={t.board.noDeliveries}>
              {t.board.noDeliveriesMore}
            </Empty>
          ) : (
            <div className="board two">
              <Side title={t.board.withYou} orders={all.filter(order => order.state === "on_the_way")} />
              <Side title={t.board.waitingAtShop} orders={all.filter(order => order.state === "preparing")} />
            </div>
          )
        }
      </Answer>
    </Page>
  );
}

function Side({ title, orders }: { title: string; orders: Order[] }) {
  const t = useTexts();
  const shops = useQuery(shopsQuery()).data;
  return (
    <section className="column" aria-label={title}>
      <h2>
        {title} <span className="badge figures">{orders.length}</span>
      </h2>
      {orders.length === 0 && <p className="none muted">{t.board.none}</p>}
      {orders.map(order => (
        <Ticket
          key={order.id}
          order={order}
          moves={COURIER_MOVES[order.state] ?? []}
          shopName={shops?.find(shop => shop.id === order.shop_id)?.name}
        />
      ))}
    </section>
  );
}
