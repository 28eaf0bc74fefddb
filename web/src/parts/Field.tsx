import { Field as Base } from "@base-ui/react/field";
import { CircleAlert } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { useTexts } from "../texts/texts";

type Typed = Omit<ComponentProps<"input">, "ref" | "style" | "defaultValue"> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
  multiline?: boolean;
};

/** A labelled input; what is wrong with it is told below it and to screen readers. */
export function Field({ label, hint, error, optional, multiline, className, ...input }: Typed) {
  const t = useTexts();
  return (
    <Base.Root className={["field", className].filter(Boolean).join(" ")} invalid={error !== undefined}>
      <Base.Label>
        {label} {optional && <span className="hint">({t.states.optional})</span>}
      </Base.Label>
      <Base.Control {...input} className="input" {...(multiline ? { render: <textarea rows={3} /> } : {})} />
      {hint && <Base.Description className="hint">{hint}</Base.Description>}
      {error !== undefined && (
        <Base.Error className="error" match>
          <CircleAlert size={16} aria-hidden />
          {error}
        </Base.Error>
      )}
    </Base.Root>
  );
}
