/** The page's words and how it writes numbers, money and times, in the person's language. */
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import type { en } from "./en";
import { type Formats, formats } from "./formats";

/** What every language has to give. A key that is missing in one doesn't compile. */
export type Texts = typeof en;
export type Language = "en" | "de";
export const LANGUAGES: readonly Language[] = ["en", "de"];

const KEY = "wayfare.language";

const load: Record<Language, () => Promise<Texts>> = {
  en: async () => (await import("./en")).en,
  de: async () => (await import("./de")).de,
};

interface Spoken {
  t: Texts;
  f: Formats;
  language: Language;
  speak: (language: Language) => void;
}

const Context = createContext<Spoken | undefined>(undefined);

/** The language chosen before, or the browser's first one that we speak. */
export function preferred(): Language {
  const wanted = [localStorage.getItem(KEY), ...navigator.languages].map(tag => tag?.slice(0, 2));
  return LANGUAGES.find(known => wanted.find(w => LANGUAGES.some(l => l === w)) === known) ?? "en";
}

export const loadTexts = (language: Language): Promise<Texts> => load[language]();

export function TextsProvider({
  first,
  texts,
  children,
}: {
  first: Language;
  texts: Texts;
  children: ReactNode;
}) {
  const [spoken, setSpoken] = useState({ language: first, t: texts });
  useEffect(() => {
    document.documentElement.lang = spoken.language;
  }, [spoken.language]);
  const value = useMemo<Spoken>(
    () => ({
      ...spoken,
      f: formats(spoken.language),
      speak: language => {
        localStorage.setItem(KEY, language);
        void loadTexts(language).then(t => setSpoken({ language, t }));
      },
    }),
    [spoken],
  );
  return <Context value={value}>{children}</Context>;
}

function useSpoken(): Spoken {
  const spoken = use(Context);
  if (!spoken) throw new Error("outside of TextsProvider");
  return spoken;
}

export const useTexts = (): Texts => useSpoken().t;
export const useFormats = (): Formats => useSpoken().f;
export const useLanguage = () => {
  const { language, speak } = useSpoken();
  return { language, speak };
};
