// Who is meant by @name: the longest name known in the room, compared as the gateway compares names,
// where no letter of the same script goes on behind it.
import { isParticle } from "./particles";

const letter = /[\p{L}\p{N}]/u;

const ascii = /^[\x00-\x7f]*$/;

/** Unicode's full case folding, one character at a time so that a final sigma is like any other. */
function foldCase(character: string): string {
  return character === "ı" ? character : character.toLowerCase().toUpperCase().toLowerCase();
}

/** As names are compared: protocol/name.h says how. */
export function fold(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  const folded = Array.from(text.normalize("NFKD"), foldCase).join("");
  return folded.replace(/\p{Default_Ignorable_Code_Point}/gu, "").normalize("NFKC");
}

/* What no name has in it ends every name; protocol/name.c has the list. */
const ends = /[@,#/:"<>\\\n]/;
const ignorable = /^\p{Default_Ignorable_Code_Point}$/u;
const characters_max = 64;
const scripts = ["Hangul", "Han", "Hiragana", "Katakana", "Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Thai", "Devanagari"].map(
  (name) => new RegExp(`\\p{Script_Extensions=${name}}`, "u"),
);
/* Scripts that are written without spaces: an address of mail is not meant by "안녕@mina". */
const unspaced = /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** Signs and digits count as ASCII letters, unless the name has letters of its own. */
function scriptOf(name: string): RegExp | undefined {
  const last = Array.from(name).reverse().find((one) => /\p{L}/u.test(one)) ?? "a";
  return scripts.find((one) => one.test(last));
}

function goesOn(name: string, rest: string): boolean {
  const next = Array.from(rest.slice(0, 2))[0] ?? "";
  if (/^(?![\ufe0e\ufe0f])[\p{M}\u200d\p{Emoji_Modifier}]/u.test(next)) return true;
  if (next === "_" || /\p{N}/u.test(next)) return letter.test(rest[next === "_" ? 1 : 0] ?? "");
  if (!/\p{L}/u.test(next)) return false;
  const script = scriptOf(name);
  const same = script ? script.test(next) : !scripts.some((one) => one.test(next));
  return same && /[\p{L}\p{N}]$/u.test(name) && !isParticle(rest);
}

export interface Called {
  name: string;
  end: number;
}

/** The names that may be called in a room. */
export class Names {
  private readonly known = new Set<string>();
  private readonly folded = new Map<string, string>();

  constructor(names: Iterable<string> = []) {
    for (const name of names) this.add(name);
  }

  /** True when it is new. */
  add(name: string): boolean {
    if (this.known.has(name)) return false;
    this.known.add(name);
    this.folded.set(fold(name), name);
    return true;
  }

  /** Who is called by the @ at this place. */
  at(text: string, at: number): Called | null {
    const before = text[at - 1] ?? "";
    if (letter.test(before) && !unspaced.test(before)) return null;
    let end = at + 1;
    let found: Called | null = null;
    for (const one of text.slice(end, end + 4 * characters_max)) {
      if (ends.test(one)) break;
      end += one.length;
      const name = this.folded.get(fold(text.slice(at + 1, end)));
      const whole = name !== undefined && (ignorable.test(one) ? found?.name === name : true);
      if (whole && !goesOn(name, text.slice(end, end + 16))) found = { name, end };
    }
    return found;
  }
}
