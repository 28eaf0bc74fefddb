/** When a shop is open, to be shown; whether it takes an order, the service says. */
import type { Shop } from "../api/client";

type Opening = Shop["hours"][number];
export type Standing = { open: true; until: string } | { open: false; next: string | undefined };

const pad = (n: number) => String(n).padStart(2, "0");

/** How a shop stands at a moment of the visitor's clock. */
export function standing(hours: readonly Opening[], now: Date): Standing {
  const day = now.getDay() || 7;
  const time = `${pad(now.getHours())}:${pad(now.getMinutes())}`;
  const today = hours.filter(h => h.day === day);
  const current = today.find(h => h.from <= time && time < h.to);
  if (current) return { open: true, until: current.to };
  const later = today.filter(h => h.from > time).sort((a, b) => a.from.localeCompare(b.from))[0];
  return { open: false, next: later?.from };
}

/** Days with the same openings together, Monday first. */
export function week(hours: readonly Opening[]): { days: number[]; spans: string[] }[] {
  const rows: { days: number[]; spans: string[] }[] = [];
  for (let day = 1; day <= 7; day++) {
    const spans = hours.filter(h => h.day === day).map(h => `${h.from}–${h.to}`);
    const last = rows.at(-1);
    if (last && last.spans.join() === spans.join()) last.days.push(day);
    else rows.push({ days: [day], spans });
  }
  return rows;
}
