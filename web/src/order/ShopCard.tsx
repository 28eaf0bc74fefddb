import { Link } from "react-router";
import type { Shop } from "../api/client";
import { useFormats, useTexts } from "../texts/texts";
import { kindName } from "./Home";
import { standing } from "./hours";
import { Tile } from "./Tile";

export function ShopCard({ shop, away }: { shop: Shop; away: number | undefined }) {
  const t = useTexts();
  const f = useFormats();
  return (
    <article className="shop card">
      <Tile of={shop.kind} size={40} />
      <div className="about">
        <h3>
          <Link to={`/shops/${shop.id}`}>{shop.name}</Link>
        </h3>
        <p className="muted">{shop.description}</p>
        <p className="facts">
          <Open shop={shop} />
          <span className="muted small">
            {away === undefined ? kindName(t.order.kinds, shop.kind) : t.order.away(f.distance(away))}
          </span>
        </p>
      </div>
    </article>
  );
}

/** Whether a shop is open now. */
export function Open({ shop }: { shop: Shop }) {
  const t = useTexts();
  const now = standing(shop.hours, new Date());
  if (now.open) return <span className="badge good">{t.order.open(now.until)}</span>;
  return <span className="badge">{now.next ? t.order.opens(now.next) : t.order.closed}</span>;
}
