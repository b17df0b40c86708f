// Who is meant by @name, whatever the script.

export const letter = /[\p{L}\p{N}_]/u;

/** As names are compared. */
export function fold(text: string): string {
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
