import "./admin.css";
import { infiniteQueryOptions, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { answer, api, type Shop } from "../api/client";
import { queries } from "../api/queries";
import type { User } from "../api/session";
import { shopsQuery } from "../order/catalog";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { Confirm } from "../parts/Confirm";
import { Page } from "../parts/Page";
import { Failed, Notice } from "../parts/Problem";
import { Bones } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { AdminTabs } from "./AdminTabs";

const ROLES: readonly User["role"][] = ["customer", "courier", "manager", "admin"];

const peopleQuery = () =>
  infiniteQueryOptions({
    queryKey: ["mine", "people"],
    queryFn: ({ signal, pageParam }) =>
      answer(
        api.GET("/api/users", {
          params: { query: { limit: 50, ...(pageParam ? { after: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: page => page.next,
  });

export default function People() {
  const t = useTexts();
  const people = useInfiniteQuery(peopleQuery());
  const shops = useQuery(shopsQuery()).data ?? [];
  return (
    <Page title={t.admin.people} above={<AdminTabs />}>
      {people.isPending && <Bones count={6} height="4rem" />}
      {people.isError && <Failed error={people.error} again={() => void people.refetch()} />}
      {people.data && (
        <div className="stack">
          <ul className="people card">
            {people.data.pages
              .flatMap(page => page.items)
              .map(user => (
                <li key={user.id}>
                  <OnePerson user={user} shops={shops} />
                </li>
              ))}
          </ul>
          {people.hasNextPage && (
            <Button look="quiet" busy={people.isFetchingNextPage} onClick={() => void people.fetchNextPage()}>
              {t.states.more}
            </Button>
          )}
        </div>
      )}
    </Page>
  );
}

function OnePerson({ user, shops }: { user: User; shops: Shop[] }) {
  const t = useTexts();
  const f = useFormats();
  const done = {
    onSuccess: () => {
      announce(t.admin.changed(user.name));
      void queries.invalidateQueries({ queryKey: peopleQuery().queryKey });
    },
  };
  const path = { id: user.id };
  const setRole = useMutation({
    mutationFn: ({ role, shop }: { role: User["role"]; shop: number | undefined }) => {
      const body = { role, ...(role === "manager" && shop !== undefined ? { shop_id: shop } : {}) };
      return answer(api.PUT("/api/users/{id}/role", { params: { path }, body }));
    },
    ...done,
  });
  const setDisabled = useMutation({
    mutationFn: (disabled: boolean) =>
      answer(api.PUT("/api/users/{id}/disabled", { params: { path }, body: { disabled } })),
    ...done,
  });
  const isDisabled = user.disabled_at !== undefined;
  return (
    <div className="person-row">
      <div className="about">
        <h2>{user.name}</h2>
        <p className="muted small">{user.email}</p>
        <p className="muted small">
          {t.admin.since} {f.day(user.created_at)}
        </p>
      </div>
      <select
        className="input"
        aria-label={t.admin.roleOf(user.name)}
        value={user.role}
        disabled={setRole.isPending}
        onChange={event =>
          setRole.mutate({ role: event.target.value as User["role"], shop: user.shop_id ?? shops[0]?.id })
        }
      >
        {ROLES.map(role => (
          <option key={role} value={role}>
            {t.account.roles[role]}
          </option>
        ))}
      </select>
      {user.role === "manager" && (
        <select
          className="input"
          aria-label={t.admin.shopOf(user.name)}
          value={user.shop_id}
          disabled={setRole.isPending}
          onChange={event => setRole.mutate({ role: "manager", shop: Number(event.target.value) })}
        >
          {shops.map(shop => (
            <option key={shop.id} value={shop.id}>
              {shop.name}
            </option>
          ))}
        </select>
      )}
      <div className="end">
        {isDisabled && <span className="badge bad">{t.admin.disabled}</span>}
        {isDisabled ? (
          <Button
            look="quiet"
            size="compact"
            aria-label={t.admin.enableNamed(user.name)}
            busy={setDisabled.isPending}
            onClick={() => setDisabled.mutate(false)}
          >
            {t.admin.enable}
          </Button>
        ) : (
          <Confirm
            trigger={
              <Button
                look="quiet"
                size="compact"
                aria-label={t.admin.disableNamed(user.name)}
                busy={setDisabled.isPending}
              >
                {t.admin.disable}
              </Button>
            }
            title={t.admin.disableSure(user.name)}
            more={t.admin.disableMore}
            yes={t.admin.disable}
            no={t.states.cancel}
            onYes={() => setDisabled.mutate(true)}
          />
        )}
      </div>
      <Notice error={setRole.error ?? setDisabled.error} />
    </div>
  );
}
