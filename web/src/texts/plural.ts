/** Makes a text that counts: the language's own rules choose among its forms. */
type Forms = Partial<Record<Intl.LDMLPluralRule, (n: string) => string>> & { other: (n: string) => string };

export function count(language: string, forms: Forms): (n: number) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return n => (forms[rules.select(n)] ?? forms.other)(numbers.format(n));
}
