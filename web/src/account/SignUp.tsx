import "./account.css";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearchParams } from "react-router";
import { answer, api } from "../api/client";
import { signIn } from "../api/session";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { Page } from "../parts/Page";
import { Notice } from "../parts/Problem";
import { useTexts } from "../texts/texts";
import { looksLikeEmail, SHORTEST_PASSWORD, useForm } from "./form";
import { Password } from "./Password";
import { backFrom } from "./SignIn";

export default function SignUp() {
  const t = useTexts();
  const go = useNavigate();
  const [params] = useSearchParams();
  const joining = useMutation({
    mutationFn: async ({ name, email, password }: { name: string; email: string; password: string }) => {
      await answer(
        api.POST("/api/auth/register", { body: { name: name.trim(), email: email.trim(), password } }),
      );
      return signIn(email.trim(), password);
    },
    onSuccess: user => {
      announce(t.account.signedIn(user.name));
      go(backFrom(params) ?? "/", { replace: true });
    },
  });
  const { form, field, sending } = useForm({ name: "", email: "", password: "" }, values => ({
    ...(values.name.trim() ? {} : { name: t.account.missing }),
    ...(looksLikeEmail(values.email) ? {} : { email: values.email ? t.account.badEmail : t.account.missing }),
    ...([...values.password].length >= SHORTEST_PASSWORD ? {} : { password: t.account.tooShort }),
  }));
  return (
    <Page title={t.account.signUpTitle} lead={t.account.signUpLead} narrow>
      <form ref={form} className="stack" noValidate onSubmit={sending(values => joining.mutate(values))}>
        <Notice error={joining.error} />
        <Field {...field("name")} label={t.account.name} autoComplete="name" maxLength={100} required />
        <Field {...field("email")} label={t.account.email} type="email" autoComplete="username" required />
        <Password
          {...field("password")}
          label={t.account.password}
          hint={t.account.passwordHint}
          autoComplete="new-password"
          required
        />
        <Button type="submit" size="large" busy={joining.isPending}>
          {t.account.signUp}
        </Button>
        <p>
          {t.account.haveAccount}{" "}
          <Link to={{ pathname: "/sign-in", search: params.toString() }}>{t.account.toSignIn}</Link>
        </p>
      </form>
    </Page>
  );
}
