/** Numbers, money and times as the language writes them. One of each `Intl` object: making them is slow. */
import type { Money } from "../api/client";

export type Formats = ReturnType<typeof formats>;

const MINUTE = 60;
const made = new Map<string, ReturnType<typeof make>>();

export function formats(language: string) {
  const known = made.get(language) ?? make(language);
  made.set(language, known);
  return known;
}

/** English and German are written in several ways: the visitor's own where the browser names one. */
const localeOf = (language: string) =>
  navigator.languages.find(tag => tag.startsWith(`${language}-`)) ?? language;

function make(spoken: string) {
  const language = localeOf(spoken);
  const moneys = new Map<string, Intl.NumberFormat>();
  const currency = (code: string) => {
    const known = moneys.get(code) ?? new Intl.NumberFormat(language, { style: "currency", currency: code });
    moneys.set(code, known);
    return known;
  };
  const unit = (name: string, digits: number) =>
    new Intl.NumberFormat(language, { style: "unit", unit: name, maximumFractionDigits: digits });
  const [metres, kilometres, minutes, hours] = [
    unit("meter", 0),
    unit("kilometer", 1),
    unit("minute", 0),
    unit("hour", 0),
  ];
  const [grams, kilograms] = [unit("gram", 0), unit("kilogram", 1)];
  const whole = new Intl.NumberFormat(language);
  const precisely = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
  const clocks = new Map<string | undefined, Intl.DateTimeFormat>();
  const clock = (timeZone: string | undefined) => {
    const zone = timeZone ? { timeZone } : {};
    const known =
      clocks.get(timeZone) ??
      new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", ...zone });
    clocks.set(timeZone, known);
    return known;
  };
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const precise = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "medium" });
  const shortDay = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  const weekday = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

  return {
    /** The digits after the point that a currency has: 2 for EUR, 0 for JPY. */
    digits: (code: string) => currency(code).resolvedOptions().maximumFractionDigits ?? 2,
    money: ({ amount, currency: code }: Money) => {
      const form = currency(code);
      return form.format(amount / 10 ** (form.resolvedOptions().maximumFractionDigits ?? 2));
    },
    number: (n: number) => whole.format(n),
    /** From metres. */
    distance: (m: number) => (m < 950 ? metres.format(Math.round(m / 50) * 50) : kilometres.format(m / 1000)),
    /** From seconds. */
    duration: (s: number) => {
      const all = Math.max(1, Math.round(s / MINUTE));
      if (all < 60) return minutes.format(all);
      return all % 60
        ? `${hours.format(Math.floor(all / 60))} ${minutes.format(all % 60)}`
        : hours.format(all / 60);
    },
    /** From grams. */
    weight: (g: number) => (g < 950 ? grams.format(g) : kilograms.format(g / 1000)),
    /** In a zone such as `Europe/Madrid`; without one, the visitor's own. */
    time: (at: Date | string, zone?: string) => clock(zone).format(new Date(at)),
    precisely: (n: number) => precisely.format(n),
    day: (at: Date | string) => day.format(new Date(at)),
    shortDay: (at: Date | string) => shortDay.format(new Date(at)),
    moment: (at: Date | string) => moment.format(new Date(at)),
    precise: (at: Date | string) => precise.format(new Date(at)),
    /** 1 is Monday. */
    weekday: (n: number) => weekday.format(new Date(Date.UTC(2024, 0, n))),
    /** "3 minutes ago", as seen at `now`. */
    ago: (at: Date | string, now = Date.now()) => {
      const past = (new Date(at).getTime() - now) / 1000;
      if (Math.abs(past) < 45) return relative.format(0, "second");
      if (Math.abs(past) < 45 * MINUTE) return relative.format(Math.round(past / MINUTE), "minute");
      if (Math.abs(past) < 22 * 3600) return relative.format(Math.round(past / 3600), "hour");
      return relative.format(Math.round(past / 86_400), "day");
    },
  };
}
