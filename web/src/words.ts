// What the page says, in the reader's language. One dictionary is loaded, the other never fetched.
import type { ErrorCode } from "./protocol.gen";
import type en from "./words/en";
import type later_en from "./words/later_en";

type FirstKey = keyof typeof en;
type LaterKey = keyof typeof later_en;
export type Key = FirstKey | LaterKey;
type Plural = { readonly one?: string; readonly other: string };
export type Words = { readonly [key in FirstKey]: string | Plural };
export type LaterWords = { readonly [key in LaterKey]: string | Plural };
/** Why something was refused. The gateway says it in English and more exactly, so that English has none. */
export type Refusals = { readonly [code in ErrorCode]: string };

export const languages = { en: "English", ko: "한국어" } as const;
export type Language = keyof typeof languages;

let words: Words & Partial<LaterWords>;
let refusals: Refusals | undefined;
let plurals: Intl.PluralRules;
export let language: Language = "en";

const dictionaries: Record<Language, () => Promise<{ default: Words }>> = {
  en: () => import("./words/en"),
  ko: () => import("./words/ko"),
};

/** What the parts say that are fetched later. */
const laterDictionaries: Record<Language, () => Promise<{ default: LaterWords; refusals?: Refusals }>> = {
  en: () => import("./words/later_en"),
  ko: () => import("./words/later_ko"),
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
  const loaded = await dictionaries[chosen]();
  useWords(chosen, loaded.default);
}

let rest: Promise<void> | undefined;

export function useLaterWords(dictionary: LaterWords, why?: Refusals): void {
  refusals = why;
  words = { ...words, ...dictionary };
}

/** A part that is fetched later, with the words it says. */
export async function withWords<Part>(part: Promise<Part>): Promise<Part> {
  rest ??= laterDictionaries[language]().then((loaded) => useLaterWords(loaded.default, loaded.refusals));
  rest.catch(() => (rest = undefined));
  await rest;
  return part;
}

/** A refusal in the reader's language; a code that is newer than the page in the gateway's words. */
export function why(error: { readonly code: string; readonly message: string }): string {
  return refusals?.[error.code as ErrorCode] ?? error.message;
}

/** The phrase for key, with {name} filled in; a number n chooses the plural. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const phrase = words[key]!;
  const text =
    typeof phrase === "string"
      ? phrase
      : ((plurals.select(Number(values.n)) === "one" ? phrase.one : undefined) ?? phrase.other);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(language) : value;
  });
}
