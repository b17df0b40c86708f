// Who is meant by @name, whatever the script.

const letter = /[\p{L}\p{N}_]/u;

function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** Whether the text calls this name: "@mina, look" calls mina, "a@mina.org" and "@minah" do not.
 * Korean particles may follow directly ("@민준님"), so only a following ASCII-ish letter forbids. */
export function mentions(text: string, name: string): boolean {
  if (!name || !text.includes("@")) return false;
  const whole = fold(text);
  const wanted = "@" + fold(name);
  for (let at = whole.indexOf(wanted); at >= 0; at = whole.indexOf(wanted, at + 1)) {
    const before = whole[at - 1];
    const after = whole[at + wanted.length];
    const ends = !after || !letter.test(after) || (/[가-힣]/.test(after) && /[가-힣]$/.test(wanted));
    if (ends && (!before || !letter.test(before))) return true;
  }
  return false;
}

/** What is being written after an @ (or :) just before the caret, or null. */
export function half(text: string, caret: number, sign: "@" | ":"): string | null {
  const start = text.lastIndexOf(sign, caret - 1);
  if (start < 0) return null;
  const word = text.slice(start + 1, caret);
  if (/\s/.test(word) || word.length > 32) return null;
  const before = text[start - 1];
  return before === undefined || !letter.test(before) ? word : null;
}
