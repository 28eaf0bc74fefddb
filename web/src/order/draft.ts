/** What somebody has typed at the checkout outlives a reload, a lost connection and signing in; not the browser's tab. */
import { useState } from "react";

export function useDraft<T extends object>(name: string, empty: T) {
  const key = `wayfare.draft.${name}`;
  const [draft, set] = useState<T>(() => {
    try {
      return { ...empty, ...(JSON.parse(sessionStorage.getItem(key) ?? "{}") as Partial<T>) };
    } catch {
      return empty;
    }
  });
  const change = (part: Partial<T>) =>
    set(old => {
      const next = { ...old, ...part };
      sessionStorage.setItem(key, JSON.stringify(next));
      return next;
    });
  const forget = () => sessionStorage.removeItem(key);
  return { draft, change, forget };
}
