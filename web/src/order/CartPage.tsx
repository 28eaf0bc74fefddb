import "./order.css";
import { useQuery } from "@tanstack/react-query";
import { CircleAlert, ShoppingBasket } from "lucide-react";
import type { Cart, CartLine, Money } from "../api/client";
import { announce } from "../parts/announce";
import { ButtonLink } from "../parts/Button";
import { Page } from "../parts/Page";
import { Notice } from "../parts/Problem";
import { Quantity } from "../parts/Quantity";
import { Answer, Empty } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { useCart, useQuantity } from "./cart";
import { shopsQuery } from "./catalog";
import { Tile } from "./Tile";

export default function CartPage() {
  const t = useTexts();
  const cart = useCart();
  return (
    <Page title={t.cart.title}>
      <Answer query={cart}>{full => (full.lines.length ? <ByShop cart={full} /> : <Nothing />)}</Answer>
    </Page>
  );
}

function Nothing() {
  const t = useTexts();
  return (
    <Empty
      icon={ShoppingBasket}
      title={t.cart.empty}
      action={<ButtonLink to="/">{t.cart.toShops}</ButtonLink>}
    >
      {t.cart.emptyMore}
    </Empty>
  );
}

function ByShop({ cart }: { cart: Cart }) {
  const t = useTexts();
  return (
    <div className="stack baskets">
      {cart.totals.length > 1 && <p className="muted">{t.cart.oneOrder}</p>}
      {cart.totals.map(({ shop_id, total }) => (
        <Basket
          key={shop_id}
          shop={shop_id}
          total={total}
          lines={cart.lines.filter(l => l.item.shop_id === shop_id)}
        />
      ))}
    </div>
  );
}

function Basket({ shop, total, lines }: { shop: number; total: Money; lines: CartLine[] }) {
  const t = useTexts();
  const f = useFormats();
  const name = useQuery(shopsQuery()).data?.find(one => one.id === shop)?.name ?? "";
  return (
    <section className="card basket" aria-label={name}>
      <h2>{name}</h2>
      <ul>
        {lines.map(line => (
          <li key={line.item.id}>
            <Line line={line} />
          </li>
        ))}
      </ul>
      <div className="sum">
        <p>
          <span className="muted">{t.cart.total}</span>
          <strong className="figures">{f.money(total)}</strong>
        </p>
        <ButtonLink size="large" to={`/checkout/${shop}`} aria-label={t.cart.checkOutAt(name)}>
          {t.cart.checkOut}
        </ButtonLink>
      </div>
    </section>
  );
}

function Line({ line }: { line: CartLine }) {
  const t = useTexts();
  const f = useFormats();
  const set = useQuantity();
  const { item, quantity } = line;
  const change = (next: number) =>
    set.mutate(
      { product: item.id, quantity: next },
      { onSuccess: () => announce(next === 0 ? t.cart.removed(item.name) : `${item.name}: ${next}`) },
    );
  return (
    <div className="line">
      <Tile of={item.category} image={item.image} size={26} />
      <div className="about">
        <p className="name">{item.name}</p>
        <p className="muted small figures">
          {t.cart.each(f.money(item.price))}
          {line.price_before && <> · {t.cart.priceWas(f.money(line.price_before))}</>}
        </p>
        {!line.available && <Short stock={item.stock} />}
        <Notice error={set.error} />
      </div>
      <Quantity name={item.name} value={quantity} most={Math.max(item.stock, quantity)} onChange={change} />
      <p className="price figures">{f.money({ ...item.price, amount: item.price.amount * quantity })}</p>
    </div>
  );
}

/** There isn't enough of it: told at the line itself. */
export function Short({ stock }: { stock: number }) {
  const t = useTexts();
  return (
    <p className="short small">
      <CircleAlert size={16} aria-hidden />
      {t.cart.notEnough(stock)}
    </p>
  );
}
