import "./admin.css";
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX } from "lucide-react";
import { answer, api } from "../api/client";
import { Page } from "../parts/Page";
import { Answer, Bones } from "../parts/States";
import { useTexts } from "../texts/texts";
import { AdminTabs } from "./AdminTabs";
import { Figures } from "./Figures";

const EVERY = 15_000;

export default function Overview() {
  const t = useTexts();
  return (
    <Page title={t.admin.title} above={<AdminTabs />}>
      <div className="stack overview">
        <Figures />
        <div className="columns-even">
          <Parts />
          <Flags />
        </div>
      </div>
    </Page>
  );
}

function Parts() {
  const t = useTexts();
  const health = useQuery({
    queryKey: ["mine", "health"],
    queryFn: ({ signal }) => answer(api.GET("/api/health", { signal })),
    refetchInterval: EVERY,
  });
  return (
    <section className="card stack" aria-labelledby="health">
      <h2 id="health">{t.admin.health}</h2>
      <Answer query={health} loading={<Bones height="2.5rem" />}>
        {parts => (
          <ul className="parts">
            {parts.map(part => (
              <li key={part.name} className="spread">
                <span>
                  {t.admin.parts[part.name] ?? part.name} <span className="muted small">{part.kind}</span>
                </span>
                <span className={`badge ${part.answers ? "good" : "bad"}`}>
                  {part.answers ? <CircleCheck size={15} aria-hidden /> : <CircleX size={15} aria-hidden />}
                  {part.answers ? t.admin.ok : t.admin.notOk}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </section>
  );
}

function Flags() {
  const t = useTexts();
  const flags = useQuery({
    queryKey: ["flags"],
    queryFn: ({ signal }) => answer(api.GET("/api/flags", { signal })),
    refetchInterval: EVERY,
  });
  return (
    <section className="card stack" aria-labelledby="flags">
      <h2 id="flags">{t.admin.flags}</h2>
      <p className="muted small">{t.admin.flagsMore}</p>
      <Answer query={flags} loading={<Bones height="2.5rem" />}>
        {all => (
          <ul className="parts">
            {all.map(flag => (
              <li key={flag.name} className="spread">
                <span>{t.admin.flagNames[flag.name] ?? flag.meaning}</span>
                <span className={`badge ${flag.on ? "good" : "warn"}`}>
                  {flag.on ? t.admin.on : t.admin.off}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </section>
  );
}
