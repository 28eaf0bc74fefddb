import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import { Answer, Bones } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { Chart } from "./Chart";

type Day = components["schemas"]["DayFigures"];
type All = components["schemas"]["Figures"];

const DAYS = 14;
const EVERY = 60_000;

/** How the business goes: the last fortnight in small charts. */
export function Figures() {
  const t = useTexts();
  const figures = useQuery({
    queryKey: ["mine", "figures"],
    queryFn: ({ signal }) => answer(api.GET("/api/figures", { params: { query: { days: DAYS } }, signal })),
    refetchInterval: EVERY,
  });
  return (
    <section aria-label={t.admin.figures}>
      <Answer query={figures} loading={<Bones className="charts" count={4} height="10.5rem" />}>
        {all => <Charts all={all} />}
      </Answer>
    </section>
  );
}

function Charts({ all }: { all: All }) {
  const t = useTexts();
  const f = useFormats();
  const { days } = all;
  const bars = (value: (day: Day) => number, text: (n: number) => string) =>
    days.map(day => ({
      key: day.day,
      value: value(day),
      text: t.admin.onDay(f.shortDay(`${day.day}T12:00:00`), text(value(day))),
    }));
  const sum = (value: (day: Day) => number) => days.reduce((all, day) => all + value(day), 0);
  const currencies = [...new Set(days.flatMap(day => day.revenue.map(money => money.currency)))];
  const earned = (currency: string) => (day: Day) =>
    day.revenue.find(m => m.currency === currency)?.amount ?? 0;
  return (
    <div className="charts">
      <Chart
        title={t.admin.ordersToday}
        total={f.number(sum(day => day.orders))}
        more={t.admin.cancelledOf(sum(day => day.cancelled))}
        bars={bars(day => day.orders, f.number)}
      />
      {currencies.map(currency => (
        <Chart
          key={currency}
          title={t.admin.revenue}
          total={f.money({ amount: sum(earned(currency)), currency })}
          more={t.admin.total(DAYS)}
          bars={bars(earned(currency), amount => f.money({ amount, currency }))}
        />
      ))}
      <Chart
        title={t.admin.signUps}
        total={f.number(sum(day => day.sign_ups))}
        more={t.admin.total(DAYS)}
        bars={bars(day => day.sign_ups, f.number)}
      />
      <dl className="chart card plain">
        <div>
          <dt className="muted">{t.admin.carts}</dt>
          <dd className="figures">{f.number(all.active_carts)}</dd>
        </div>
        <div>
          <dt className="muted">{t.admin.deliveryTime}</dt>
          <dd className="figures">
            {all.delivery_seconds === undefined ? t.admin.noDeliveries : f.duration(all.delivery_seconds)}
          </dd>
        </div>
      </dl>
    </div>
  );
}
