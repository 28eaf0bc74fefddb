/** A price as people type it, with a point or a comma, in minor units. Nothing for what is no price. */
export function minorUnits(text: string, digits: number): number | undefined {
  const form = new RegExp(`^\\d{1,7}${digits > 0 ? `([.,]\\d{1,${digits}})?` : ""}$`);
  const typed = text.trim();
  if (!form.test(typed)) return undefined;
  const [whole = "0", part = ""] = typed.split(/[.,]/);
  const amount = Number(whole) * 10 ** digits + Number(part.padEnd(digits, "0") || 0);
  return amount <= 100_000_000 ? amount : undefined;
}

/** The other way round, for an input. */
export function typed(amount: number, digits: number, language: string): string {
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, useGrouping: false }).format(
    amount / 10 ** digits,
  );
}

/** A number of things in stock. */
export function wholeNumber(text: string): number | undefined {
  const value = /^\d{1,7}$/.test(text.trim()) ? Number(text) : undefined;
  return value !== undefined && value <= 1_000_000 ? value : undefined;
}
