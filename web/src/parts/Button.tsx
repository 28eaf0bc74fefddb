import { Button as Base } from "@base-ui/react/button";
import type { ComponentProps, ReactNode } from "react";
import { Link, type LinkProps } from "react-router";

interface Looks {
  look?: "quiet" | "bare" | "danger" | undefined;
  size?: "large" | "compact" | undefined;
  wide?: boolean | undefined;
}

const classes = ({ look, size, wide }: Looks, own?: string) =>
  ["button", look, size, wide && "wide", own].filter(Boolean).join(" ");

type Pressed = Omit<ComponentProps<"button">, "ref" | "style"> &
  Looks & {
    /** While what it started is under way: it can't be pressed again, and keeps the focus. */
    busy?: boolean | undefined;
  };

export function Button({ look, size, wide, busy, disabled, className, type = "button", ...rest }: Pressed) {
  return (
    <Base
      {...rest}
      type={type}
      className={classes({ look, size, wide }, className)}
      disabled={disabled || busy || false}
      focusableWhenDisabled
      aria-busy={busy || undefined}
    />
  );
}

export function ButtonLink({ look, size, wide, className, ...rest }: LinkProps & Looks) {
  return <Link {...rest} className={classes({ look, size, wide }, className)} />;
}

export function IconButton({
  label,
  children,
  className,
  ...rest
}: Pressed & { label: string; children: ReactNode }) {
  return (
    <Button
      {...rest}
      look={rest.look ?? "bare"}
      className={["icon", className].filter(Boolean).join(" ")}
      aria-label={label}
    >
      {children}
    </Button>
  );
}
