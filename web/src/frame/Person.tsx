import { Menu } from "@base-ui/react/menu";
import { ClipboardList, LogOut, UserRound } from "lucide-react";
import { Link, useLocation, useNavigate } from "react-router";
import { signOut, useSession } from "../api/session";
import { announce } from "../parts/announce";
import { ButtonLink } from "../parts/Button";
import { useTexts } from "../texts/texts";
import { signInFrom } from "./Only";

/** Who is signed in, and the way out; or the way in. */
export function Person() {
  const t = useTexts();
  const session = useSession();
  const here = useLocation();
  const go = useNavigate();
  if (session.state === "unknown")
    return <span className="button quiet compact waiting" aria-hidden="true" />;
  if (session.state === "guest") {
    const isThere = here.pathname === "/sign-in" || here.pathname === "/sign-up";
    return (
      <ButtonLink look="quiet" size="compact" to={isThere ? "/sign-in" : signInFrom(here)}>
        {t.frame.signIn}
      </ButtonLink>
    );
  }
  const { name } = session.user;
  const leave = async () => {
    await signOut();
    announce(t.account.signedOut);
    go("/");
  };
  return (
    <Menu.Root>
      <Menu.Trigger className="person" aria-label={t.frame.menu(name)}>
        <span data-initials={initials(name)} aria-hidden="true" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={8} align="end" className="over">
          <Menu.Popup className="menu">
            <p className="label">{name}</p>
            <Menu.Item className="item" render={<Link to="/account" />}>
              <UserRound size={18} aria-hidden /> {t.frame.account}
            </Menu.Item>
            <Menu.Item className="item" render={<Link to="/orders" />}>
              <ClipboardList size={18} aria-hidden /> {t.tracking.history}
            </Menu.Item>
            <Menu.Separator className="rule" />
            <Menu.Item className="item" onClick={() => void leave()}>
              <LogOut size={18} aria-hidden /> {t.account.signOut}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    word => [...(word ?? "")][0] ?? "",
  );
  return letters.join("").toLocaleUpperCase();
}
