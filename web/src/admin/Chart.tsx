/** A small chart of one figure, day by day: bars for the eyes, the same numbers as a list for everybody else. */
interface Charted {
  title: string;
  /** The figure of all days together, as text. */
  total: string;
  more: string;
  bars: { key: string; value: number; text: string }[];
}

export function Chart({ title, total, more, bars }: Charted) {
  const top = Math.max(1, ...bars.map(bar => bar.value));
  return (
    <figure className="chart card">
      <figcaption>
        <span className="muted">{title}</span>
        <strong className="figures">{total}</strong>
        <span className="muted small">{more}</span>
      </figcaption>
      <ol>
        {bars.map((bar, index) => (
          <li key={bar.key} data-today={index === bars.length - 1 || undefined} title={bar.text}>
            <span className="bar" style={{ height: `${(bar.value / top) * 100}%` }} />
            <span className="hidden-text">{bar.text}</span>
          </li>
        ))}
      </ol>
    </figure>
  );
}
