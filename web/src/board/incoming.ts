/**
 * The orders that are under way, as a shop or a courier works on them: a list for each state, asked for again when the live
 * stream tells that it has changed.
 */
import { queryOptions, useQueries } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { answer, api, type Order, type OrderState } from "../api/client";
import { follow } from "../api/follow";
import { queries } from "../api/queries";
import type { components } from "../api/schema";
import type { View } from "../order/orders";

type OrderEvent = components["schemas"]["OrderEvent"];

const listQuery = (view: View, state: OrderState) =>
  queryOptions({
    queryKey: ["mine", "orders", view, "under-way", state],
    queryFn: async ({ signal }) => {
      const query = { view, state, limit: 100 };
      return (await answer(api.GET("/api/orders", { params: { query }, signal }))).items;
    },
  });

export function useUnderWay(view: View, states: readonly OrderState[]) {
  useEffect(() => {
    const end = new AbortController();
    const again = (state: OrderState) =>
      void queries.invalidateQueries({ queryKey: listQuery(view, state).queryKey });
    let opened = 0;
    void follow<OrderEvent>(`/api/orders/events?view=${view}`, {
      signal: end.signal,
      onOpen: () => void (opened++ > 0 && states.forEach(again)),
      onEvent: event => {
        // Where it has come to, and where it was.
        const has = (state: OrderState) =>
          queries.getQueryData(listQuery(view, state).queryKey)?.some(order => order.id === event.order_id);
        for (const state of states) if (state === event.state || has(state)) again(state);
      },
    });
    return () => end.abort();
  }, [view, states]);

  return useQueries({
    queries: states.map(state => listQuery(view, state)),
    combine: lists => {
      const error = lists.find(list => list.isError && list.data === undefined)?.error;
      return {
        data: lists.every(list => list.data) ? lists.flatMap(list => list.data ?? []) : undefined,
        isError: error !== undefined,
        error,
        refetch: () => Promise.all(lists.map(list => list.refetch())),
      };
    },
  });
}

/** Calls for each order that wasn't there at the last look. */
export function useArrivals(orders: Order[] | undefined, onArrival: (order: Order) => void) {
  const seen = useRef<Set<string>>(undefined);
  const call = useRef(onArrival);
  useEffect(() => {
    call.current = onArrival;
  });
  useEffect(() => {
    if (!orders) return;
    const before = seen.current;
    seen.current = new Set([...(before ?? []), ...orders.map(order => order.id)]);
    if (before) for (const order of orders) if (!before.has(order.id)) call.current(order);
  }, [orders]);
}
