import { useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useDeferredValue, useId } from "react";
import { useSearchParams } from "react-router";
import { Check } from "../parts/Check";
import { useFormats, useTexts } from "../texts/texts";
import { categoriesQuery, type Wanted } from "./catalog";
import { useCategoriesOf } from "./categories";
import { kindName } from "./Home";
import { Items } from "./Items";

const SORTS = ["name", "price", "-price", "newest"] as const;
const PRICES = [500, 1000, 2000];

/** A shelf with its filters. They stand in the address: a reload or a shared link shows the same. */
export function Filtered({
  shop,
  shopName,
}: {
  shop?: number;
  shopName?: (id: number) => string | undefined;
}) {
  const t = useTexts();
  const f = useFormats();
  const id = useId();
  const [params, setParams] = useSearchParams();
  const set = (name: string, value: string) =>
    setParams(
      old => {
        if (value) old.set(name, value);
        else old.delete(name);
        return old;
      },
      { replace: true, preventScrollReset: true },
    );
  const q = params.get("q") ?? "";
  const wanted = useDeferredValue(read(params, shop));
  const all = useQuery({ ...categoriesQuery(), enabled: shop === undefined });
  const own = useCategoriesOf(shop);
  const categories = (shop === undefined ? all.data : own) ?? [];

  return (
    <div className="stack">
      <search className="filters">
        <div className="search">
          <Search size={20} aria-hidden />
          <input
            className="input"
            type="search"
            maxLength={100}
            value={q}
            onChange={event => set("q", event.target.value)}
            aria-label={t.order.search}
            placeholder={t.order.search}
          />
        </div>
        <div className="field inline">
          <label htmlFor={`${id}-sort`}>{t.catalog.sort}</label>
          <select
            id={`${id}-sort`}
            className="input"
            value={wanted.sort}
            onChange={e => set("sort", e.target.value)}
          >
            {SORTS.map(sort => (
              <option key={sort} value={sort}>
                {t.catalog.sorts[sort]}
              </option>
            ))}
          </select>
        </div>
        <div className="field inline">
          <label htmlFor={`${id}-price`}>{t.catalog.maxPrice}</label>
          <select
            id={`${id}-price`}
            className="input"
            value={params.get("max") ?? ""}
            onChange={e => set("max", e.target.value)}
          >
            <option value="">{t.catalog.anyPrice}</option>
            {PRICES.map(amount => (
              <option key={amount} value={amount}>
                {f.money({ amount, currency: "EUR" })}
              </option>
            ))}
          </select>
        </div>
        <Check
          label={t.catalog.inStock}
          checked={params.has("now")}
          onChange={on => set("now", on ? "1" : "")}
        />
      </search>
      {categories.length > 1 && (
        <fieldset className="chips" aria-label={t.catalog.category}>
          {["", ...categories].map(one => (
            <button
              key={one}
              type="button"
              className="chip"
              aria-pressed={one === (params.get("category") ?? "")}
              onClick={() => set("category", one)}
            >
              {one === "" ? t.order.allKinds : kindName({}, one)}
            </button>
          ))}
        </fieldset>
      )}
      <Items
        wanted={wanted}
        clear={() => setParams({}, { replace: true })}
        {...(shopName ? { shopName } : {})}
      />
    </div>
  );
}

/** Anything may stand in an address: what makes no sense is left out. */
function read(params: URLSearchParams, shop: number | undefined): Wanted {
  const max = Number(params.get("max"));
  const q = params.get("q")?.trim().slice(0, 100);
  const category = params.get("category")?.slice(0, 60);
  return {
    sort: SORTS.find(sort => sort === params.get("sort")) ?? "name",
    ...(shop === undefined ? {} : { shop }),
    ...(q ? { q } : {}),
    ...(category ? { category } : {}),
    ...(Number.isSafeInteger(max) && max > 0 ? { max_price: max } : {}),
    ...(params.has("now") ? { in_stock: true } : {}),
  };
}
