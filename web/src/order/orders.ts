/** Orders: asked for once, then followed as they move. */
import { infiniteQueryOptions, queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, api, type Order, type OrderState } from "../api/client";
import { follow } from "../api/follow";
import { codeOf } from "../api/problem";
import { queries } from "../api/queries";
import type { components } from "../api/schema";

type OrderEvent = components["schemas"]["OrderEvent"];
export type View = components["schemas"]["View"];

export const LAST: readonly OrderState[] = ["delivered", "cancelled"];
export const isOver = (state: OrderState) => LAST.includes(state);

export const orderQuery = (id: string) =>
  queryOptions({
    queryKey: ["mine", "order", id],
    queryFn: ({ signal }) => answer(api.GET("/api/orders/{id}", { params: { path: { id } }, signal })),
  });

export const ordersQuery = (view: View, state?: OrderState) =>
  infiniteQueryOptions({
    queryKey: ["mine", "orders", view, state],
    queryFn: ({ signal, pageParam }) => {
      const query = {
        view,
        limit: 20,
        ...(state ? { state } : {}),
        ...(pageParam ? { after: pageParam } : {}),
      };
      return answer(api.GET("/api/orders", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: page => page.next,
  });

/** What a person calls an order: the end of its id, which differs even for two of the same moment. */
export const shortId = (id: string) => id.slice(-6).toUpperCase();

/** An order that stays as new as it can be: each of its events writes its state at once and asks for the rest. */
export function useOrder(id: string) {
  const order = useQuery(orderQuery(id));
  const isLive = order.data !== undefined && !isOver(order.data.state);
  useEffect(() => {
    if (!isLive) return;
    const end = new AbortController();
    void follow<OrderEvent>(`/api/orders/${id}/events`, {
      signal: end.signal,
      onEvent: ({ state, at }) => {
        const { queryKey } = orderQuery(id);
        const known = queries.getQueryData<Order>(queryKey);
        // The stream begins with what has been: only what is newer counts.
        if (!known || Date.parse(at) < Date.parse(known.changed_at) || known.state === state) return;
        queries.setQueryData<Order>(queryKey, { ...known, state, changed_at: at });
        void queries.invalidateQueries({ queryKey });
      },
    });
    return () => end.abort();
  }, [id, isLive]);
  return order;
}

/** Moves an order on. When somebody else was first, the order is shown as it stands. */
export function useMove() {
  return useMutation({
    mutationFn: ({ id, to }: { id: string; to: OrderState }) =>
      answer(api.POST("/api/orders/{id}/moves", { params: { path: { id } }, body: { to } })),
    onSuccess: order => {
      queries.setQueryData(orderQuery(order.id).queryKey, order);
      void queries.invalidateQueries({ queryKey: ["mine", "orders"] });
    },
    onError: (error, { id }) => {
      if (codeOf(error) !== "wrong_state") return;
      void queries.invalidateQueries({ queryKey: ["mine", "order", id] });
      void queries.invalidateQueries({ queryKey: ["mine", "orders"] });
    },
  });
}
