// What the page says, in the reader's language. One dictionary is loaded, the other never fetched.
import type { ErrorCode } from "./protocol.gen";
import type en from "./words/en";

export type Key = keyof typeof en;
type Plural = { readonly one?: string; readonly other: string };
export type Words = { readonly [key in Key]: string | Plural };
/** Why something was refused. The gateway says it in English and more exactly, so that English has none. */
export type Refusals = { readonly [code in ErrorCode]: string };

export const languages = { en: "English", ko: "한국어" } as const;
export type Language = keyof typeof languages;

let words: Words;
let refusals: Refusals | undefined;
let plurals: Intl.PluralRules;
export let language: Language = "en";

const dictionaries: Record<Language, () => Promise<{ default: Words; refusals?: Refusals }>> = {
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

export function useWords(chosen: Language, dictionary: Words, why?: Refusals): void {
  language = chosen;
  words = dictionary;
  refusals = why;
  plurals = new Intl.PluralRules(chosen);
}

export async function loadWords(chosen: Language): Promise<void> {
  const loaded = await dictionaries[chosen]();
  useWords(chosen, loaded.default, loaded.refusals);
}

/** A refusal in the reader's language; a code that is newer than the page in the gateway's words. */
export function why(error: { readonly code: string; readonly message: string }): string {
  return refusals?.[error.code as ErrorCode] ?? error.message;
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
