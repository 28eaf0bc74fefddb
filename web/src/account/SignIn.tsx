import "./account.css";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearchParams } from "react-router";
import { pageQuery } from "../api/place";
import { signIn, type User } from "../api/session";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { Page } from "../parts/Page";
import { Notice } from "../parts/Problem";
import { useTexts } from "../texts/texts";
import { looksLikeEmail, useForm } from "./form";
import { Password } from "./Password";

/** Only to one of our own addresses: a link from elsewhere can't send people on. */
export function backFrom(params: URLSearchParams): string | undefined {
  const back = params.get("back");
  return back && /^\/(?![/\\])/.test(back) ? back : undefined;
}

const HOMES: Record<User["role"], string> = {
  customer: "/",
  courier: "/deliveries",
  manager: "/shop",
  admin: "/admin",
};

export default function SignIn() {
  const t = useTexts();
  const go = useNavigate();
  const [params] = useSearchParams();
  const entering = useMutation({
    mutationFn: ({ email, password }: { email: string; password: string }) => signIn(email.trim(), password),
    onSuccess: user => {
      announce(t.account.signedIn(user.name));
      go(backFrom(params) ?? HOMES[user.role], { replace: true });
    },
  });
  const { form, field, sending } = useForm({ email: "", password: "" }, values => ({
    ...(looksLikeEmail(values.email) ? {} : { email: values.email ? t.account.badEmail : t.account.missing }),
    ...(values.password ? {} : { password: t.account.missing }),
  }));
  return (
    <Page title={t.account.signInTitle} lead={t.account.signInLead} narrow>
      <form ref={form} className="stack" noValidate onSubmit={sending(values => entering.mutate(values))}>
        <Notice error={entering.error} />
        <Field {...field("email")} label={t.account.email} type="email" autoComplete="username" required />
        <Password
          {...field("password")}
          label={t.account.password}
          autoComplete="current-password"
          required
        />
        <Button type="submit" size="large" busy={entering.isPending}>
          {t.account.signIn}
        </Button>
        <p>
          {t.account.noAccount}{" "}
          <Link to={{ pathname: "/sign-up", search: params.toString() }}>{t.account.toSignUp}</Link>
        </p>
      </form>
      <DemoAccounts busy={entering.isPending} enter={entering.mutate} />
    </Page>
  );
}

/** Where the service runs as a demo: one press for each role. */
function DemoAccounts({
  busy,
  enter,
}: {
  busy: boolean;
  enter: (who: { email: string; password: string }) => void;
}) {
  const t = useTexts();
  const demo = useQuery(pageQuery()).data?.demo;
  if (!demo) return null;
  const roles: Record<string, string> = t.account.roles;
  return (
    <section className="demo card stack" aria-labelledby="demo">
      <h2 id="demo">{t.account.demo}</h2>
      <p className="muted">{t.account.demoMore}</p>
      <div className="row">
        {demo.emails.map(email => (
          <Button
            key={email}
            look="quiet"
            size="compact"
            busy={busy}
            onClick={() => enter({ email, password: demo.password })}
          >
            {roles[email.split("@")[0] ?? ""] ?? email}
          </Button>
        ))}
      </div>
    </section>
  );
}
