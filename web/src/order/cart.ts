/** The cart, which the service keeps: for guests by a token, for people with the account. Tabs tell each other of changes. */
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { guestCart } from "../api/cartToken";
import { answer, api, type Cart } from "../api/client";
import { queries } from "../api/queries";

const KEY = ["mine", "cart"];
const tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("wayfare.cart");

tabs?.addEventListener("message", () => void queries.invalidateQueries({ queryKey: KEY }));

/** With an account there is no token: the guest's cart has been poured into the person's own. */
function kept(cart: Cart): Cart {
  guestCart.set(cart.token);
  return cart;
}

export const cartQuery = () =>
  queryOptions({
    queryKey: KEY,
    queryFn: async ({ signal }) => kept(await answer(api.GET("/api/cart", { signal }))),
  });

export const useCart = () => useQuery(cartQuery());

export const countOf = (cart: Cart | undefined): number =>
  cart?.lines.reduce((sum, line) => sum + line.quantity, 0) ?? 0;

/** Sets how many of a product are in the cart; 0 takes it out. One change after the other, in the order of the presses. */
export function useQuantity() {
  return useMutation({
    mutationFn: async ({ product, quantity }: { product: number; quantity: number }) => {
      const params = { path: { product } };
      const asked =
        quantity > 0
          ? api.PUT("/api/cart/items/{product}", { params, body: { quantity } })
          : api.DELETE("/api/cart/items/{product}", { params });
      return kept(await answer(asked));
    },
    scope: { id: "cart" },
    onMutate: () => queries.cancelQueries({ queryKey: KEY }),
    onSuccess: cart => {
      queries.setQueryData(KEY, cart);
      tabs?.postMessage("changed");
    },
  });
}

/** After an order: what it took has left the cart. */
export function forgetCart() {
  void queries.invalidateQueries({ queryKey: KEY });
  tabs?.postMessage("changed");
}
