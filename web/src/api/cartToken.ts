/** The guest's cart survives a reload by this token, and is poured into the person's own cart at sign-in. */
const KEY = "wayfare.cart";

export const guestCart = {
  get: (): string | null => localStorage.getItem(KEY),
  set(token: string | undefined) {
    if (token) localStorage.setItem(KEY, token);
    else localStorage.removeItem(KEY);
  },
};
