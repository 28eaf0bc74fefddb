import "./order.css";
import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, MapPin } from "lucide-react";
import { Link, useParams } from "react-router";
import type { Shop } from "../api/client";
import { NotFound } from "../frame/NotFound";
import { Page } from "../parts/Page";
import { Failed } from "../parts/Problem";
import { Bones } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { shopQuery } from "./catalog";
import { Filtered } from "./Filtered";
import { week } from "./hours";
import { Open } from "./ShopCard";
import { Tile } from "./Tile";

export default function ShopPage() {
  const id = Number(useParams().id);
  return Number.isSafeInteger(id) && id > 0 ? <OneShop id={id} /> : <NotFound />;
}

function OneShop({ id }: { id: number }) {
  const t = useTexts();
  const shop = useQuery(shopQuery(id));
  if (shop.data) return <Shelf shop={shop.data} />;
  if (shop.isError) {
    return (
      <Page title={t.states.failed}>
        <Failed error={shop.error} again={() => void shop.refetch()} />
      </Page>
    );
  }
  return (
    <div className="page">
      <Bones className="items" count={9} height="8.5rem" />
    </div>
  );
}

function Shelf({ shop }: { shop: Shop }) {
  const t = useTexts();
  const above = (
    <>
      <Link to="/" className="back">
        <ArrowLeft size={18} aria-hidden />
        {t.order.all}
      </Link>
      <Tile of={shop.kind} size={52} className="big" />
    </>
  );
  return (
    <Page title={shop.name} lead={shop.description} above={above} className="shop-page">
      <div className="shop-facts row">
        <Open shop={shop} />
        <span className="row muted">
          <MapPin size={18} aria-hidden />
          {shop.address}
        </span>
        <Hours shop={shop} />
      </div>
      <Filtered shop={shop.id} />
    </Page>
  );
}

function Hours({ shop }: { shop: Shop }) {
  const t = useTexts();
  const f = useFormats();
  const name = (days: number[]) =>
    [days[0], days.at(-1)].filter((d, i, all) => d !== undefined && all.indexOf(d) === i);
  return (
    <details className="hours">
      <summary>{t.catalog.hours}</summary>
      <dl>
        {week(shop.hours).map(({ days, spans }) => (
          <div key={days[0]}>
            <dt>
              {name(days)
                .map(day => f.weekday(day ?? 1))
                .join(" – ")}
            </dt>
            <dd className="figures">{spans.join(", ") || t.catalog.closedDay}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
