// Where a link begins and ends in a text, as a reader would say.
import { withoutParticles } from "./particles";

const scheme = /https?:\/\//iy;
const word = /[a-z0-9_]/i;

/* What no written address goes on over, though RFC 3987 would allow some: spaces, quotation marks, the
 * punctuation and signs of every script but ASCII. */
const stop = /[\s<>"`\p{Cc}]|(?![\x00-\x7f])[\p{P}\p{S}\u200b\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069]/u;
/* Within a word these belong to it: L’Été, Bose–Einstein, スター・ウォーズ, l·l. */
const joint = /[’–・·]/;
const letter = /[\p{L}\p{N}]/u;
const latin = /\p{Script=Latin}/u;
const closing: Record<string, string> = { "(": ")", "[": "]", "{": "}" };
/* What may end an address but ends its sentence more often. */
const trailing = /[.,;:!?'*_~|^\\([{]/;

function at(text: string, index: number): string {
  const point = text.codePointAt(index);
  return point === undefined ? "" : String.fromCodePoint(point);
}

/** An apostrophe is within a word; a quotation mark that was opened before the link closes it. */
function closesQuote(text: string, index: number, opened: string): boolean {
  const sign = text[index]!;
  if (sign === "'" && opened !== "'") return false;
  if (sign === "’" && opened !== "‘") return false;
  return !latin.test(at(text, index + 1));
}

function goesOn(text: string, index: number, opened: string): boolean {
  const sign = at(text, index);
  if (sign === "'" || sign === "’") if (closesQuote(text, index, opened)) return false;
  if (joint.test(sign)) return letter.test(at(text, index + 1));
  return sign !== "" && !stop.test(sign);
}

/** The end of the link that begins at start; 0 when none does. */
export function linkEnd(text: string, start: number): number {
  scheme.lastIndex = start;
  const found = scheme.exec(text);
  if (!found || word.test(text[start - 1] ?? "")) return 0;
  const host = start + found[0].length;
  const brackets: string[] = [];
  let end = host;
  while (goesOn(text, end, text[start - 1] ?? "")) {
    const sign = at(text, end);
    if (closing[sign]) brackets.push(closing[sign]);
    else if (/[)\]}]/.test(sign) && brackets.pop() !== sign) break;
    end += sign.length;
  }
  while (end > host && trailing.test(text[end - 1]!)) end--;
  if (end === host) return 0;
  return start + withoutParticles(text.slice(start, end));
}
