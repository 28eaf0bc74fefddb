import "./account.css";
import { useMutation, useQuery } from "@tanstack/react-query";
import { MonitorSmartphone } from "lucide-react";
import { answer, api } from "../api/client";
import { queries } from "../api/queries";
import { signOut, useUser } from "../api/session";
import { announce } from "../parts/announce";
import { Button, ButtonLink } from "../parts/Button";
import { Page } from "../parts/Page";
import { Notice } from "../parts/Problem";
import { Answer } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { deviceName } from "./device";
import { SHORTEST_PASSWORD, useForm } from "./form";
import { Password } from "./Password";

const SESSIONS = ["mine", "sessions"];

export default function Account() {
  const t = useTexts();
  const f = useFormats();
  const user = useUser();
  if (!user) return null;
  return (
    <Page title={t.account.title} narrow>
      <div className="stack sections">
        <section className="card stack">
          <div className="spread">
            <h2>{user.name}</h2>
            <span className="badge good">{t.account.roles[user.role]}</span>
          </div>
          <p>{user.email}</p>
          <p className="muted">{t.account.since(f.day(user.created_at))}</p>
          <ButtonLink look="quiet" to="/orders">
            {t.tracking.history}
          </ButtonLink>
        </section>
        <Sessions />
        <ChangePassword />
      </div>
    </Page>
  );
}

function Sessions() {
  const t = useTexts();
  const f = useFormats();
  const sessions = useQuery({
    queryKey: SESSIONS,
    queryFn: ({ signal }) => answer(api.GET("/api/me/sessions", { signal })),
  });
  const end = useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/api/me/sessions/{id}", { params: { path: { id } } })),
    onSuccess: () => {
      announce(t.account.sessionEnded);
      void queries.invalidateQueries({ queryKey: SESSIONS });
    },
  });
  const endAll = useMutation({
    mutationFn: () => answer(api.DELETE("/api/me/sessions")),
    onSuccess: async () => {
      // This session is over, too: what is left is to forget its token.
      await signOut();
      announce(t.account.signedOut);
    },
  });
  return (
    <section className="card stack" aria-labelledby="sessions">
      <h2 id="sessions">{t.account.sessions}</h2>
      <Notice error={end.error ?? endAll.error} />
      <Answer query={sessions}>
        {all => (
          <ul className="sessions">
            {all.map(session => {
              const device = deviceName(session.device) ?? t.account.unknownDevice;
              return (
                <li key={session.id} className="spread">
                  <MonitorSmartphone size={22} aria-hidden />
                  <div>
                    <p>{device}</p>
                    <p className="muted small">
                      {t.account.sessionUsed(f.ago(session.used_at))} · {session.ip}
                    </p>
                  </div>
                  <Button
                    look="quiet"
                    size="compact"
                    aria-label={t.account.endSessionNamed(device)}
                    busy={end.isPending && end.variables === session.id}
                    onClick={() => end.mutate(session.id)}
                  >
                    {t.account.endSession}
                  </Button>
                </li>
              );
            })}
          </ul>
        )}
      </Answer>
      <Button look="quiet" busy={endAll.isPending} onClick={() => endAll.mutate()}>
        {t.account.signOutEverywhere}
      </Button>
    </section>
  );
}

function ChangePassword() {
  const t = useTexts();
  const { form, field, sending, reset } = useForm({ current: "", next: "" }, values => ({
    ...(values.current ? {} : { current: t.account.missing }),
    ...([...values.next].length >= SHORTEST_PASSWORD ? {} : { next: t.account.tooShort }),
  }));
  const change = useMutation({
    mutationFn: (values: { current: string; next: string }) =>
      answer(api.POST("/api/auth/password", { body: { current: values.current, new: values.next } })),
    onSuccess: () => {
      reset();
      announce(t.account.passwordChanged);
      void queries.invalidateQueries({ queryKey: SESSIONS });
    },
  });
  return (
    <section className="card" aria-labelledby="password">
      <form ref={form} className="stack" noValidate onSubmit={sending(values => change.mutate(values))}>
        <h2 id="password">{t.account.changePassword}</h2>
        <Notice error={change.error} />
        {change.isSuccess && <p className="notice">{t.account.passwordChanged}</p>}
        <Password {...field("current")} label={t.account.currentPassword} autoComplete="current-password" />
        <Password
          {...field("next")}
          label={t.account.newPassword}
          hint={t.account.passwordHint}
          autoComplete="new-password"
        />
        <Button type="submit" busy={change.isPending}>
          {t.account.changePassword}
        </Button>
      </form>
    </section>
  );
}
