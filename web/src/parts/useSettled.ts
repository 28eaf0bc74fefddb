import { useEffect, useState } from "react";

const PAUSE = 220;

/** A value once it has stopped changing: what is typed isn't asked for letter by letter. */
export function useSettled<T>(value: T): T {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
