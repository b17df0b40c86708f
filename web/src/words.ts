// What the page says, in the reader's language. One dictionary is loaded, the other never fetched.
import type en from "./words/en";

export type Key = keyof typeof en;
export type Plural = { readonly one?: string; readonly other: string };
export type Words = { readonly [key in Key]: string | Plural };

export const languages = { en: "English", ko: "한국어" } as const;
export type Language = keyof typeof languages;

let words: Words;
let plurals: Intl.PluralRules;
export let language: Language = "en";

const dictionaries: Record<Language, () => Promise<{ default: Words }>> = {
  en: () => import("./words/en"),
  ko: () => import("./words/ko"),
};

export function chooseLanguage(chosen: string, wanted: readonly string[]): Language {
  for (const tag of [chosen, ...wanted]) {
    const short = tag.toLowerCase().split("-")[0]!;
    if (short in languages) return short as Language;
  }
  return "en";
}

export function useWords(chosen: Language, dictionary: Words): void {
  language = chosen;
  words = dictionary;
  plurals = new Intl.PluralRules(chosen);
}

export async function loadWords(chosen: Language): Promise<void> {
  useWords(chosen, (await dictionaries[chosen]()).default);
}

/** The phrase for key, with {name} filled in; a number n chooses the plural. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const phrase = words[key];
  const text =
    typeof phrase === "string"
      ? phrase
      : ((plurals.select(Number(values.n)) === "one" ? phrase.one : undefined) ?? phrase.other);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(language) : value;
  });
}
