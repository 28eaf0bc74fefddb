import "./order.css";
import { useQuery } from "@tanstack/react-query";
import { Search, Store } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import type { Shop } from "../api/client";
import { Button } from "../parts/Button";
import { Page } from "../parts/Page";
import { Answer, Bones, Empty } from "../parts/States";
import { useTexts } from "../texts/texts";
import { shopsQuery } from "./catalog";
import { standing } from "./hours";
import { metres, usePlace } from "./place";
import { ShopCard } from "./ShopCard";
import { WhereTo } from "./WhereTo";

/** The start: where to, what, and who is near. */
export default function Home() {
  const t = useTexts();
  const ask = (
    <>
      <div className="ask">
        <WhereTo />
        <SearchBox />
      </div>
      <Line />
    </>
  );
  return (
    <Page title={t.order.title} lead={t.order.lead} below={ask} className="home">
      <Shops />
    </Page>
  );
}

const STOPS = [
  [52, 206],
  [124, 146],
  [212, 88],
  [300, 150],
  [420, 206],
] as const;

/** A line through the city, with its stops. */
function Line() {
  return (
    <svg className="city-line" viewBox="0 0 520 240" aria-hidden="true" focusable="false">
      <path d="M300-20v52a36 36 0 0 0 36 36h66a36 36 0 0 1 36 36v12a36 36 0 0 0 36 36h80" className="other" />
      <path d="M52 206h36a36 36 0 0 0 36-36v-46a36 36 0 0 1 36-36h104a36 36 0 0 1 36 36v46a36 36 0 0 0 36 36h220" />
      {STOPS.map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r="9" />
      ))}
    </svg>
  );
}

function SearchBox() {
  const t = useTexts();
  const go = useNavigate();
  const id = useId();
  const [words, setWords] = useState("");
  const search = (event: React.FormEvent) => {
    event.preventDefault();
    go(words.trim() ? `/menu?q=${encodeURIComponent(words.trim())}` : "/menu");
  };
  return (
    <search className="field">
      <label htmlFor={id}>{t.order.what}</label>
      <form className="search" onSubmit={search}>
        <Search size={20} aria-hidden />
        <input
          id={id}
          className="input"
          type="search"
          maxLength={100}
          value={words}
          onChange={event => setWords(event.target.value)}
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
    if (place) return fitting.toSorted((a, b) => metres(place, a) - metres(place, b));
    // Who can serve now comes first.
    const now = new Date();
    const isClosed = (shop: Shop) => Number(!standing(shop.hours, now).open);
    return fitting.toSorted((a, b) => isClosed(a) - isClosed(b));
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
