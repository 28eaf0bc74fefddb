import { Menu } from "@base-ui/react/menu";
import { ClipboardList, LogOut, UserRound } from "lucide-react";
import { Link, useNavigate } from "react-router";
import { signOut } from "../api/session";
import { announce } from "../parts/announce";
import { useTexts } from "../texts/texts";

/** What somebody who is signed in can go to, and the way out. */
export default function PersonMenu({ name }: { name: string }) {
  const t = useTexts();
  const go = useNavigate();
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
