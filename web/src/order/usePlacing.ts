import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { useNavigate } from "react-router";
import { answer, api } from "../api/client";
import { Refusal } from "../api/problem";
import { queries } from "../api/queries";
import type { components } from "../api/schema";
import { announce } from "../parts/announce";
import { useTexts } from "../texts/texts";
import { forgetCart } from "./cart";
import { forgetKey, keyFor } from "./orderKey";
import { orderQuery } from "./orders";

type NewOrder = components["schemas"]["OrderRequest"];

/** Places an order, once: a second press while it is under way does nothing, a later one has the same key. */
export function usePlacing(onPlaced: () => void) {
  const t = useTexts();
  const go = useNavigate();
  const isUnderWay = useRef(false);
  const placing = useMutation({
    mutationFn: (order: NewOrder) => {
      const header = { "Idempotency-Key": keyFor(order) };
      return answer(api.POST("/api/orders", { params: { header }, body: order }));
    },
    onSuccess: order => {
      forgetKey();
      onPlaced();
      queries.setQueryData(orderQuery(order.id).queryKey, order);
      void queries.invalidateQueries({ queryKey: ["mine", "orders"] });
      announce(t.checkout.placed);
      go(`/orders/${order.id}`, { replace: true });
      forgetCart();
    },
    onError: error => {
      // A refusal is an answer: whatever is tried next is another order. The cart is looked at again, so that the line says so.
      if (error instanceof Refusal && !error.isPassing) {
        forgetKey();
        forgetCart();
      }
    },
    onSettled: () => {
      isUnderWay.current = false;
    },
  });
  const place = (order: NewOrder) => {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    placing.mutate(order);
  };
  return { place, isPending: placing.isPending, error: placing.error };
}
