import "./order.css";
import { useQuery } from "@tanstack/react-query";
import { Page } from "../parts/Page";
import { useTexts } from "../texts/texts";
import { shopsQuery } from "./catalog";
import { Filtered } from "./Filtered";

/** Everything that all shops sell. */
export default function Menu() {
  const t = useTexts();
  const shops = useQuery(shopsQuery());
  return (
    <Page title={t.catalog.title}>
      <Filtered shopName={id => shops.data?.find(shop => shop.id === id)?.name} />
    </Page>
  );
}
