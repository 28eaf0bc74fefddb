import { lazy, Suspense } from "react";
import { useLocation } from "react-router";
import { useSession } from "../api/session";
import { ButtonLink } from "../parts/Button";
import { useTexts } from "../texts/texts";
import { signInFrom } from "./Only";

const PersonMenu = lazy(() => import("./PersonMenu"));

/** Who is signed in, and the way out; or the way in. */
export function Person() {
  const t = useTexts();
  const session = useSession();
  const here = useLocation();
  const waiting = <span className="button quiet compact waiting" aria-hidden="true" />;
  if (session.state === "unknown") return waiting;
  if (session.state === "guest") {
    const isThere = here.pathname === "/sign-in" || here.pathname === "/sign-up";
    return (
      <ButtonLink look="quiet" size="compact" to={isThere ? "/sign-in" : signInFrom(here)}>
        {t.frame.signIn}
      </ButtonLink>
    );
  }
  return (
    <Suspense fallback={waiting}>
      <PersonMenu name={session.user.name} />
    </Suspense>
  );
}
