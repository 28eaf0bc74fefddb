import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { Field } from "../parts/Field";
import { useTexts } from "../texts/texts";

/** A password that one may look at while typing it. */
export function Password(props: ComponentProps<typeof Field>) {
  const t = useTexts();
  const [shown, show] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <div className="password">
      <Field
        {...props}
        type={shown ? "text" : "password"}
        maxLength={72}
        spellCheck={false}
        autoCapitalize="none"
      />
      <button
        type="button"
        className="button bare icon"
        aria-label={shown ? t.account.hide : t.account.show}
        aria-pressed={shown}
        onClick={() => show(!shown)}
      >
        <Icon size={20} aria-hidden />
      </button>
    </div>
  );
}
