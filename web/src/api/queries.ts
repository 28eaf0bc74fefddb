/** The query cache: what is asked again, and when. Refusals that stay are told at once; what may pass is tried again. */
import { QueryClient } from "@tanstack/react-query";
import { onReturn } from "./connection";
import { Refusal } from "./problem";
import { onSession } from "./session";

const TRIES = 3;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // The page knows by itself whether the service answers; the browser's word for "online" means less.
      networkMode: "always",
      retry: (count, error) => error instanceof Refusal && error.isPassing && !error.isAway && count < TRIES,
      retryDelay: (count, error) =>
        error instanceof Refusal && error.retryAfter ? error.retryAfter * 1000 : 500 * 2 ** count,
    },
    mutations: { networkMode: "always", retry: false },
  },
});

onReturn(() => {
  void queries.invalidateQueries();
});

let who: string | undefined;
onSession(session => {
  if (session.state === "unknown") return;
  const now = session.state === "signed-in" ? session.user.id : undefined;
  if (now === who) return;
  who = now;
  // What one person saw is not for the next one.
  queries.removeQueries({ queryKey: ["mine"] });
  void queries.invalidateQueries();
});
