/** Light, dark, or as the device has it. The choice stays in this browser. */
import { useState } from "react";

export const COLOURS = ["system", "light", "dark"] as const;
export type Colours = (typeof COLOURS)[number];

const KEY = "wayfare.colours";

function chosen(): Colours {
  const kept = localStorage.getItem(KEY);
  return COLOURS.find(colours => colours === kept) ?? "system";
}

function show(colours: Colours) {
  if (colours === "system") delete document.documentElement.dataset.colours;
  else document.documentElement.dataset.colours = colours;
}

export const prepareColours = () => show(chosen());

export function useColours() {
  const [colours, set] = useState(chosen);
  const choose = (next: Colours) => {
    localStorage.setItem(KEY, next);
    show(next);
    set(next);
  };
  return { colours, choose };
}
