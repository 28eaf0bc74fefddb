/**
 * The Idempotency-Key of an order. The same order gets the same key for as long as its answer hasn't come, over presses,
 * lost connections and reloads: so it is placed once. When it has come, the next order is another one.
 */
const KEY = "wayfare.order-key";

export function keyFor(order: unknown): string {
  const body = JSON.stringify(order);
  const kept = sessionStorage.getItem(KEY);
  if (kept) {
    const { body: before, key } = JSON.parse(kept) as { body: string; key: string };
    if (before === body) return key;
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const key = [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(KEY, JSON.stringify({ body, key }));
  return key;
}

export const forgetKey = () => sessionStorage.removeItem(KEY);
