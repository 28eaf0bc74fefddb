import "./frame.css";
import { useQuery } from "@tanstack/react-query";
import {
  Bike,
  ClipboardList,
  Gauge,
  type LucideIcon,
  Route,
  ShoppingBasket,
  Store,
  UtensilsCrossed,
} from "lucide-react";
import type { ReactNode } from "react";
import { Link, NavLink } from "react-router";
import { useUser } from "../api/session";
import { cartQuery, countOf } from "../order/cart";
import { useTexts } from "../texts/texts";
import { AwayBanner } from "./AwayBanner";
import { Person } from "./Person";
import { Settings } from "./Settings";

interface Way {
  to: string;
  icon: LucideIcon;
  text: string;
  /** Read out after the text. */
  more?: string;
  count?: number;
}

/** Around every page: where one can go, who one is, and whether the service answers. */
export function Frame({ children }: { children: ReactNode }) {
  const t = useTexts();
  const ways = useWays();
  return (
    <>
      <a className="skip button" href="#content">
        {t.frame.skip}
      </a>
      <header className="top">
        <div className="inner">
          <Link className="wordmark" to="/" aria-label={t.frame.home}>
            <Mark />
            <span>Wayfare</span>
          </Link>
          <nav className="ways" aria-label={t.frame.main}>
            {ways.map(way => (
              <WayLink key={way.to} {...way} />
            ))}
          </nav>
          <div className="mine">
            <Settings />
            <Person />
          </div>
        </div>
      </header>
      <AwayBanner />
      <main id="content">{children}</main>
      <footer className="bottom">
        <div className="inner">
          <p>{t.frame.footer}</p>
          <a href="/docs">{t.frame.api}</a>
        </div>
      </footer>
    </>
  );
}

function useWays(): Way[] {
  const t = useTexts();
  const role = useUser()?.role;
  const cart = useQuery(cartQuery());
  const count = countOf(cart.data);
  const ways: Way[] = [
    { to: "/", icon: UtensilsCrossed, text: t.frame.order },
    { to: "/journey", icon: Route, text: t.frame.journey },
  ];
  if (role === "manager") ways.push({ to: "/shop", icon: Store, text: t.frame.board });
  if (role === "courier") ways.push({ to: "/deliveries", icon: Bike, text: t.frame.deliveries });
  if (role === "admin") ways.push({ to: "/admin", icon: Gauge, text: t.frame.admin });
  if (role === "customer") ways.push({ to: "/orders", icon: ClipboardList, text: t.frame.orders });
  ways.push({ to: "/cart", icon: ShoppingBasket, text: t.frame.cart, more: t.cart.items(count), count });
  return ways;
}

function WayLink({ to, icon: Icon, text, more, count }: Way) {
  return (
    <NavLink to={to} end={to === "/"} {...(more ? { "aria-label": `${text}, ${more}` } : {})}>
      <span className="sign" data-count={count || undefined}>
        <Icon size={20} aria-hidden />
      </span>
      {text}
    </NavLink>
  );
}

/** A way through the city: down, up, down, up, and there. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="#0a5c4f" />
      <path
        d="M6.5 10.5 11 22l5-10 5 10 4.5-11.5"
        fill="none"
        stroke="#ffc53d"
        strokeWidth="3.2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="25.5" cy="10" r="2.6" fill="#fff" />
    </svg>
  );
}
