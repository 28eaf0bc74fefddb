import { type ReactNode, useEffect, useRef } from "react";
import { useLocation, useNavigationType } from "react-router";

interface Shown {
  title: string;
  lead?: ReactNode;
  /** Beside or above the title. */
  above?: ReactNode;
  /** Part of the head, below the title. */
  below?: ReactNode;
  narrow?: boolean;
  className?: string;
  children: ReactNode;
}

/** Whether anything has been shown before: a fresh load leaves the focus to the browser. */
let isFirst = true;

/** A page: its title in the tab, its heading focused when somebody comes here from another page. */
export function Page({ title, lead, above, below, narrow, className, children }: Shown) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  const how = useNavigationType();

  useEffect(() => {
    document.title = `${title} · Wayfare`;
  }, [title]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each address, not for each way of coming there
  useEffect(() => {
    if (!isFirst) {
      heading.current?.focus({ preventScroll: true });
      if (how !== "POP") window.scrollTo(0, 0);
    }
    isFirst = false;
  }, [pathname]);

  return (
    <div className={["page", narrow && "narrow", className].filter(Boolean).join(" ")}>
      <header>
        {above}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead && <p className="lead">{lead}</p>}
        {below}
      </header>
      {children}
    </div>
  );
}
