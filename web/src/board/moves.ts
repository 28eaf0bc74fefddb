/** Which moves an order allows to whom: the service decides, this only shows the buttons that make sense. */
import type { OrderState } from "../api/client";

type Moves = Partial<Record<OrderState, readonly OrderState[]>>;

export const SHOP_MOVES: Moves = {
  placed: ["accepted", "cancelled"],
  accepted: ["preparing", "cancelled"],
  preparing: ["cancelled"],
};

export const COURIER_MOVES: Moves = {
  preparing: ["on_the_way"],
  on_the_way: ["delivered"],
};
