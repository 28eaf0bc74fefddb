/** The page's colours for what draws on a canvas: resolved as they are now, and again when they change. */
import { useEffect, useState } from "react";

export type Tone =
  | "paper"
  | "surface"
  | "sunken"
  | "ink"
  | "muted"
  | "hairline"
  | "edge"
  | "brand"
  | "green"
  | "water"
  | "way"
  | "danger";
export type Tones = Record<Tone, string>;

const TONES: readonly Tone[] = [
  "paper",
  "surface",
  "sunken",
  "ink",
  "muted",
  "hairline",
  "edge",
  "brand",
  "green",
  "water",
  "way",
  "danger",
];

function read(): Tones {
  const probe = document.createElement("span");
  // A transition would show the colour before.
  probe.style.transition = "none";
  document.body.append(probe);
  const tones = Object.fromEntries(
    TONES.map(tone => {
      probe.style.color = `var(--${tone})`;
      return [tone, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return tones as Tones;
}

export function useTones(): Tones {
  const [tones, set] = useState(read);
  useEffect(() => {
    const again = () => set(read());
    const media = matchMedia("(prefers-color-scheme: dark)");
    const chosen = new MutationObserver(again);
    media.addEventListener("change", again);
    chosen.observe(document.documentElement, { attributeFilter: ["data-colours"] });
    return () => {
      media.removeEventListener("change", again);
      chosen.disconnect();
    };
  }, []);
  return tones;
}

export const movesLess = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
