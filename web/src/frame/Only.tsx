import { LockKeyhole } from "lucide-react";
import { Outlet, useLocation } from "react-router";
import { current, type User, useSession } from "../api/session";
import { ButtonLink } from "../parts/Button";
import { Page } from "../parts/Page";
import { Bones, Empty } from "../parts/States";
import { useTexts } from "../texts/texts";

/** Where somebody comes back to after signing in. */
export const signInFrom = ({ pathname, search }: { pathname: string; search: string }) =>
  `/sign-in?back=${encodeURIComponent(pathname + search)}`;

/** Pages of people who are signed in, or of one role. The service decides; this only saves a useless page. */
export function Only({ who }: { who?: User["role"] }) {
  const t = useTexts();
  const here = useLocation();
  const session = useSession();
  if (session.state === "unknown") {
    // A failed renewal is told by the banner, and asked again when the service is back.
    void current().catch(() => undefined);
    return (
      <div className="page">
        <Bones />
      </div>
    );
  }
  if (session.state === "guest") {
    return (
      <Page title={t.states.signInFirst} lead={t.states.signInFirstMore}>
        <Empty
          icon={LockKeyhole}
          title={t.account.signInTitle}
          action={<ButtonLink to={signInFrom(here)}>{t.frame.signIn}</ButtonLink>}
        />
      </Page>
    );
  }
  if (who && session.user.role !== who && session.user.role !== "admin") {
    return (
      <Page title={t.states.notForYou} lead={t.states.notForYouMore}>
        <Empty
          icon={LockKeyhole}
          title={t.states.notForYou}
          action={<ButtonLink to="/">{t.states.toStart}</ButtonLink>}
        />
      </Page>
    );
  }
  return <Outlet />;
}
