/** What the shops are and what they sell; stock comes live. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, api, type MenuItem } from "../api/client";
import { follow } from "../api/follow";
import { queries } from "../api/queries";
import type { components, operations } from "../api/schema";

export type Wanted = Omit<
  NonNullable<operations["list_menu_items"]["parameters"]["query"]>,
  "after" | "limit"
>;
type StockChange = components["schemas"]["StockChange"];
type Pages = { pages: { items: MenuItem[]; next?: string }[]; pageParams: unknown[] };

const AT_ONCE = 24;

export const shopsQuery = () =>
  queryOptions({
    queryKey: ["shops"],
    queryFn: ({ signal }) => answer(api.GET("/api/shops", { signal })),
    staleTime: 300_000,
  });

export const shopQuery = (id: number) =>
  queryOptions({
    queryKey: ["shops", id],
    queryFn: ({ signal }) => answer(api.GET("/api/shops/{id}", { params: { path: { id } }, signal })),
    initialData: () => queries.getQueryData(shopsQuery().queryKey)?.find(shop => shop.id === id),
    staleTime: 60_000,
  });

export const categoriesQuery = () =>
  queryOptions({
    queryKey: ["categories"],
    queryFn: ({ signal }) => answer(api.GET("/api/categories", { signal })),
    staleTime: 300_000,
  });

export const itemsQuery = (wanted: Wanted) =>
  infiniteQueryOptions({
    queryKey: ["items", wanted],
    queryFn: ({ signal, pageParam }) =>
      answer(
        api.GET("/api/menu-items", {
          params: { query: { ...wanted, limit: AT_ONCE, ...(pageParam ? { after: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: page => page.next,
  });

/** Writes each change of stock into the lists that are shown. */
export function useLiveStock(
  shop: number | undefined,
  onChange?: (product: MenuItem, stock: number) => void,
) {
  useEffect(() => {
    const end = new AbortController();
    const path = shop === undefined ? "/api/stock/events" : `/api/stock/events?shop=${shop}`;
    let opened = 0;
    void follow<StockChange>(path, {
      signal: end.signal,
      onlySeen: true,
      // What changed between two connections is asked for; the first one has nothing to catch up with.
      onOpen: () => void (opened++ > 0 && queries.invalidateQueries({ queryKey: ["items"] })),
      onEvent: ({ product_id, stock }) => {
        queries.setQueriesData<Pages>(
          { queryKey: ["items"] },
          old => old && restocked(old, product_id, stock, onChange),
        );
      },
    });
    return () => end.abort();
  }, [shop, onChange]);
}

function restocked(
  old: Pages,
  id: number,
  stock: number,
  onChange?: (item: MenuItem, stock: number) => void,
): Pages {
  let hit = false;
  const pages = old.pages.map(page => {
    const at = page.items.findIndex(item => item.id === id && item.stock !== stock);
    const item = page.items[at];
    if (!item) return page;
    hit = true;
    onChange?.(item, stock);
    return { ...page, items: page.items.with(at, { ...item, stock }) };
  });
  return hit ? { ...old, pages } : old;
}
