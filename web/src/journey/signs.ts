import { Bike, BusFront, Car, Footprints, Hourglass, type LucideIcon } from "lucide-react";
import type { Leg } from "./routes";
import type { Mode } from "./trip";

export const SIGNS: Record<Mode, LucideIcon> = {
  bus: BusFront,
  bike: Bike,
  foot: Footprints,
  car: Car,
  "bike-and-bus": Bike,
};

export const MEANS: Record<Leg["means"], LucideIcon> = {
  ride: BusFront,
  bike: Bike,
  foot: Footprints,
  car: Car,
  wait: Hourglass,
};

/** Black or white, whichever reads on a line's colour. */
export function readableOn(colour: string): string {
  const parts = [1, 3, 5].map(at => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = parts.map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return light > 0.179 ? "#10211c" : "#ffffff";
}
