import { CircleAlert, RotateCw } from "lucide-react";
import { Refusal } from "../api/problem";
import { type Texts, useTexts } from "../texts/texts";
import { Button } from "./Button";

/** What went wrong, in the person's words: by the problem's code, or else what the service says. */
export function sentence(t: Texts, error: unknown): string {
  const texts: Record<string, string> = t.problems;
  if (!(error instanceof Refusal)) return t.problems.internal;
  if (error.isAway && error.code.startsWith("status_")) return t.problems.away;
  return (
    texts[error.code] ??
    (error.status >= 500 ? t.problems.internal : (error.problem?.detail ?? t.problems.internal))
  );
}

/** In place of what couldn't be shown, with a way on. */
export function Failed({ error, again }: { error: unknown; again: () => void }) {
  const t = useTexts();
  const id = error instanceof Refusal ? error.problem?.request_id : undefined;
  return (
    <div className="state" role="alert">
      <span className="mark">
        <CircleAlert size={30} aria-hidden />
      </span>
      <h2>{t.states.failed}</h2>
      <p>{sentence(t, error)}</p>
      {id && <p className="small">{t.states.reference(id)}</p>}
      <Button onClick={again}>
        <RotateCw size={18} aria-hidden />
        {t.states.again}
      </Button>
    </div>
  );
}

/** Beside a form or a button: why it didn't work. */
export function Notice({ error }: { error: unknown }) {
  const t = useTexts();
  if (!error) return null;
  return (
    <div className="notice bad" role="alert">
      <CircleAlert size={20} aria-hidden />
      <p>{sentence(t, error)}</p>
    </div>
  );
}
