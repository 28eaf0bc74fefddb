import { Minus, Plus, Trash2 } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTexts } from "../texts/texts";

interface Counted {
  name: string;
  value: number;
  most: number;
  /** It takes the place of a button that was pressed: the focus comes along. */
  takesFocus?: boolean;
  onChange: (value: number) => void;
}

const MOST = 99;

/** How many of something: one less, one more, and none. */
export function Quantity({ name, value, most, takesFocus = false, onChange }: Counted) {
  const t = useTexts();
  const more = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (takesFocus && document.activeElement === document.body) more.current?.focus({ preventScroll: true });
  }, [takesFocus]);
  const top = Math.min(most, MOST);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset can't be laid out in a row in every browser
    <div className="quantity" role="group" aria-label={t.cart.quantity(name)}>
      <button
        type="button"
        aria-label={value > 1 ? t.cart.fewer(name) : t.cart.remove(name)}
        onClick={() => onChange(value - 1)}
      >
        {value > 1 ? <Minus size={18} aria-hidden /> : <Trash2 size={17} aria-hidden />}
      </button>
      <output className="figures">{value}</output>
      <button
        ref={more}
        type="button"
        aria-label={t.cart.more(name)}
        disabled={value >= top}
        onClick={() => onChange(value + 1)}
      >
        <Plus size={18} aria-hidden />
      </button>
    </div>
  );
}
