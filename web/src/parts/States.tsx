import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useTexts } from "../texts/texts";
import { Failed } from "./Problem";

interface Nothing {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Where there is nothing yet, and what to do about it. */
export function Empty({ icon: Icon, title, children, action }: Nothing) {
  return (
    <div className="state">
      <span className="mark">
        <Icon size={30} aria-hidden />
      </span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** The outline of what is coming, as tall as it will be: nothing jumps when it is there. */
export function Bones({
  count = 3,
  height = "6rem",
  className = "stack",
}: {
  count?: number;
  height?: string;
  className?: string;
}) {
  const t = useTexts();
  const bones = Array.from({ length: count }, (_, index) => index);
  return (
    <div className={className} aria-busy="true">
      <span className="hidden-text">{t.states.loading}</span>
      {bones.map(bone => (
        <div key={bone} className="bone" style={{ height }} />
      ))}
    </div>
  );
}

interface Asked<T> {
  query: { data: T | undefined; isError: boolean; error: unknown; refetch: () => unknown };
  loading?: ReactNode;
  children: (data: T) => ReactNode;
}

/** A question's answer, or what stands for it while it is under way and when it failed. What is there stays. */
export function Answer<T>({ query, loading, children }: Asked<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Failed error={query.error} again={() => void query.refetch()} />;
  return loading ?? <Bones />;
}
