/** A form's values and what is wrong with each. A mistake is told when somebody sends, and goes while they mend it. */
import { useRef, useState } from "react";

type Values = Record<string, string>;
type Wrong<V> = Partial<Record<keyof V, string>>;

export function useForm<V extends Values>(start: V, check: (values: V) => Wrong<V>) {
  const [values, setValues] = useState(start);
  const [wrong, setWrong] = useState<Wrong<V>>({});
  const form = useRef<HTMLFormElement>(null);
  const set = (name: keyof V, value: string) => {
    setValues(old => ({ ...old, [name]: value }));
    setWrong(({ [name]: _, ...rest }) => rest as Wrong<V>);
  };
  /** The properties of one field. */
  const field = (name: keyof V & string) => ({
    name,
    value: values[name] as string,
    onChange: (event: { currentTarget: { value: string } }) => set(name, event.currentTarget.value),
    error: wrong[name],
  });
  /** Sends what is right; otherwise goes to the first field that isn't. */
  const sending = (send: (values: V) => void) => (event: React.FormEvent) => {
    event.preventDefault();
    const found = check(values);
    setWrong(found);
    const first = Object.keys(start).find(name => found[name]);
    if (first === undefined) return send(values);
    const input = form.current?.elements.namedItem(first);
    if (input instanceof HTMLElement) input.focus();
  };
  return { form, values, set, field, sending, reset: () => setValues(start) };
}

const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
export const looksLikeEmail = (text: string) => EMAIL.test(text.trim()) && text.length <= 254;
export const SHORTEST_PASSWORD = 10;
