import "./admin.css";
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { Page } from "../parts/Page";
import { Failed } from "../parts/Problem";
import { Bones, Empty } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { AdminTabs } from "./AdminTabs";

type Entry = components["schemas"]["AuditEntry"];

const FILTERS = ["action", "subject", "account"] as const;
type Filters = Partial<Record<(typeof FILTERS)[number], string>>;

const auditQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ["mine", "audit", filters],
    queryFn: ({ signal, pageParam }) => {
      const query = { ...filters, limit: 50, ...(pageParam ? { after: pageParam } : {}) };
      return answer(api.GET("/api/audit", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: page => page.next,
  });

/** Who did what, when, from where. The filters stand in the address. */
export default function Audit() {
  const t = useTexts();
  const [params, setParams] = useSearchParams();
  const filters: Filters = {};
  for (const name of FILTERS) {
    const value = params.get(name)?.trim();
    if (value) filters[name] = value;
  }
  const audit = useInfiniteQuery(auditQuery(filters));
  return (
    <Page title={t.admin.audit} above={<AdminTabs />}>
      <div className="stack">
        <Filter key={params.toString()} start={filters} apply={next => setParams(next)} />
        {audit.isPending && <Bones count={8} height="3.5rem" />}
        {audit.isError && <Failed error={audit.error} again={() => void audit.refetch()} />}
        {audit.data && <Entries entries={audit.data.pages.flatMap(page => page.items)} />}
        {audit.hasNextPage && (
          <Button
            look="quiet"
            className="more"
            busy={audit.isFetchingNextPage}
            onClick={() => void audit.fetchNextPage()}
          >
            {t.states.more}
          </Button>
        )}
      </div>
    </Page>
  );
}

function Filter({ start, apply }: { start: Filters; apply: (filters: Record<string, string>) => void }) {
  const t = useTexts();
  const [values, setValues] = useState(start);
  const labels = {
    action: t.admin.filterAction,
    subject: t.admin.filterSubject,
    account: t.admin.filterAccount,
  };
  const send = (event: React.FormEvent) => {
    event.preventDefault();
    apply(Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim())));
  };
  return (
    <search>
      <form className="audit-filter" onSubmit={send}>
        {FILTERS.map(name => (
          <Field
            key={name}
            label={labels[name]}
            value={values[name] ?? ""}
            maxLength={100}
            onChange={event => setValues({ ...values, [name]: event.currentTarget.value })}
          />
        ))}
        <Button type="submit">{t.admin.filter}</Button>
      </form>
    </search>
  );
}

function Entries({ entries }: { entries: Entry[] }) {
  const t = useTexts();
  const f = useFormats();
  if (entries.length === 0) return <Empty icon={ScrollText} title={t.admin.noEntries} />;
  const roles: Record<string, string> = t.account.roles;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className="card scroll-x audit" aria-label={t.admin.audit} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {[t.admin.when, t.admin.what, t.admin.who, t.admin.about, t.admin.from, t.admin.details].map(
              name => (
                <th key={name} scope="col">
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {entries.map(entry => (
            <tr key={entry.id}>
              <td className="figures">{f.precise(entry.at)}</td>
              <td>
                <span className="badge">{entry.action}</span>
              </td>
              <td title={entry.account_id}>
                {entry.role ? (roles[entry.role] ?? entry.role) : t.admin.nobody}
              </td>
              <td className="id">{entry.subject}</td>
              <td className="figures">{entry.ip}</td>
              <td className="id">{plain(entry.detail)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function plain(detail: unknown): string {
  const text = JSON.stringify(detail);
  return text === "{}" || text === undefined ? "" : text;
}
