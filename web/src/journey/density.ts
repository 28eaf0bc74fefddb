/** How densely people live, in steps that one can tell apart, and how strongly each is painted. */
export const STEPS = [
  { from: 0, opacity: 0.12 },
  { from: 1_000, opacity: 0.28 },
  { from: 3_000, opacity: 0.46 },
  { from: 6_000, opacity: 0.64 },
  { from: 10_000, opacity: 0.82 },
] as const;

/** From people on a square kilometre. */
export const strength = (density: number): number =>
  STEPS.findLast(step => density >= step.from)?.opacity ?? 0;
