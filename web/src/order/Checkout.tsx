import "./order.css";
import "./tracking.css";
import "./checkout.css";
import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, ShoppingBasket } from "lucide-react";
import { Link, useParams } from "react-router";
import type { Shop } from "../api/client";
import { NotFound } from "../frame/NotFound";
import { ButtonLink } from "../parts/Button";
import { Page } from "../parts/Page";
import { Failed } from "../parts/Problem";
import { Bones, Empty } from "../parts/States";
import { useTexts } from "../texts/texts";
import { CheckoutForm } from "./CheckoutForm";
import { useCart } from "./cart";
import { shopQuery } from "./catalog";

export default function Checkout() {
  const t = useTexts();
  const id = Number(useParams().shop);
  const shop = useQuery({ ...shopQuery(id), enabled: Number.isSafeInteger(id) && id > 0 });
  if (!Number.isSafeInteger(id) || id <= 0) return <NotFound />;
  if (shop.data) return <At shop={shop.data} />;
  if (shop.isError) {
    return (
      <Page title={t.checkout.title}>
        <Failed error={shop.error} again={() => void shop.refetch()} />
      </Page>
    );
  }
  return (
    <div className="page">
      <Bones height="9rem" />
    </div>
  );
}

function At({ shop }: { shop: Shop }) {
  const t = useTexts();
  const cart = useCart();
  const lines = cart.data?.lines.filter(line => line.item.shop_id === shop.id);
  const total = cart.data?.totals.find(one => one.shop_id === shop.id)?.total;
  const above = (
    <Link to="/cart" className="back">
      <ArrowLeft size={18} aria-hidden />
      {t.cart.title}
    </Link>
  );
  return (
    <Page title={t.checkout.title} lead={t.checkout.at(shop.name)} above={above}>
      {cart.isError && !cart.data && <Failed error={cart.error} again={() => void cart.refetch()} />}
      {cart.isPending && <Bones height="9rem" />}
      {lines?.length === 0 && (
        <Empty
          icon={ShoppingBasket}
          title={t.checkout.nothing}
          action={<ButtonLink to={`/shops/${shop.id}`}>{shop.name}</ButtonLink>}
        />
      )}
      {lines !== undefined && lines.length > 0 && total && (
        <CheckoutForm shop={shop} lines={lines} total={total} />
      )}
    </Page>
  );
}
