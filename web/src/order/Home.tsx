import "./order.css";
import { useQuery } from "@tanstack/react-query";
import { Search, Store } from "lucide-react";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router";
import type { Shop } from "../api/client";
import { Button } from "../parts/Button";
import { Page } from "../parts/Page";
import { Answer, Bones, Empty } from "../parts/States";
import { useTexts } from "../texts/texts";
import { shopsQuery } from "./catalog";
import { metres, usePlace } from "./place";
import { ShopCard } from "./ShopCard";
import { WhereTo } from "./WhereTo";

/** The start: where to, what, and who is near. */
export default function Home() {
  const t = useTexts();
  return (
    <Page title={t.order.title} lead={t.order.lead} className="home">
      <div className="ask">
        <WhereTo />
        <SearchBox />
      </div>
      <Shops />
    </Page>
  );
}

function SearchBox() {
  const t = useTexts();
  const go = useNavigate();
  const [words, setWords] = useState("");
  const search = (event: React.FormEvent) => {
    event.preventDefault();
    go(words.trim() ? `/menu?q=${encodeURIComponent(words.trim())}` : "/menu");
  };
  return (
    <search>
      <form className="search" onSubmit={search}>
        <Search size={20} aria-hidden />
        <input
          className="input"
          type="search"
          maxLength={100}
          value={words}
          onChange={event => setWords(event.target.value)}
          aria-label={t.order.search}
          placeholder={t.order.search}
        />
        <Button type="submit">{t.order.searchGo}</Button>
      </form>
    </search>
  );
}

function Shops() {
  const t = useTexts();
  const place = usePlace();
  const shops = useQuery(shopsQuery());
  return (
    <section className="stack" aria-labelledby="shops">
      <h2 id="shops">{place ? t.order.nearAddress(place.text) : t.order.all}</h2>
      <Answer query={shops} loading={<Bones className="shops" count={9} height="11.5rem" />}>
        {all => <ShopList shops={all} />}
      </Answer>
    </section>
  );
}

function ShopList({ shops }: { shops: Shop[] }) {
  const t = useTexts();
  const place = usePlace();
  const [kind, setKind] = useState<string>();
  const kinds = useMemo(() => [...new Set(shops.map(shop => shop.kind))], [shops]);
  const shown = useMemo(() => {
    const fitting = shops.filter(shop => kind === undefined || shop.kind === kind);
    return place ? fitting.toSorted((a, b) => metres(place, a) - metres(place, b)) : fitting;
  }, [shops, kind, place]);

  if (shops.length === 0)
    return (
      <Empty icon={Store} title={t.order.noShops}>
        {t.order.noShopsMore}
      </Empty>
    );
  return (
    <>
      <fieldset className="chips" aria-label={t.catalog.category}>
        {[undefined, ...kinds].map(one => (
          <button
            key={one ?? ""}
            type="button"
            className="chip"
            aria-pressed={one === kind}
            onClick={() => setKind(one)}
          >
            {one === undefined ? t.order.allKinds : kindName(t.order.kinds, one)}
          </button>
        ))}
      </fieldset>
      <ul className="shops">
        {shown.map(shop => (
          <li key={shop.id}>
            <ShopCard shop={shop} away={place && metres(place, shop)} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** A kind that this page has no word for is shown as the shop calls it. */
export function kindName(names: Record<string, string>, kind: string): string {
  return names[kind] ?? kind.charAt(0).toLocaleUpperCase() + kind.slice(1);
}
