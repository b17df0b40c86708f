// Half a name: what stands just before the caret.

/** What is being written after an @ (or :) just before the caret, or null. */
export function half(text: string, caret: number, sign: "@" | ":"): string | null {
  const start = text.lastIndexOf(sign, caret - 1);
  if (start < 0) return null;
  const word = text.slice(start + 1, caret);
  if (/\s/.test(word) || word.length > 32) return null;
  const before = text[start - 1];
  return before === undefined || !/[\p{L}\p{N}_]/u.test(before) ? word : null;
}
