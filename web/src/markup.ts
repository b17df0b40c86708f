// A message taken apart: code, quotes, lists, links, mentions, emphasis. What is not certainly one of
// these stays text, as it was typed. Drawing (markdown.tsx) and calling (calls) read the same parts.
import { linkEnd } from "./links";
import type { Names } from "./mention";

export type Inline =
  | { is: "text" | "code" | "link"; text: string }
  | { is: "mention"; text: string; name: string }
  | { is: "strong" | "em" | "s"; inside: Inline[] };

export type Block =
  | { is: "text"; inside: Inline[] }
  | { is: "code"; label: string; text: string }
  | { is: "list"; items: Inline[][] }
  | { is: "quote"; inside: Block[] };

const nesting_max = 4;
const sign = /[`@*_~]|https?:\/\//gi;

interface Found {
  part: Inline;
  end: number;
}

/** How often the sign at this place is repeated. */
function run(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) end++;
  return end - at;
}

/** The next run of exactly so many of this sign on the same line; -1 when there is none. */
function nextRun(text: string, from: number, mark: string): number {
  const line = text.indexOf("\n", from);
  const stop = line < 0 ? text.length : line;
  for (let at = text.indexOf(mark, from); at >= 0 && at < stop; at = text.indexOf(mark, at)) {
    const count = run(text, at);
    if (count === mark.length) return at;
    at += count;
  }
  return -1;
}

function codeAt(text: string, at: number, mark: string): Found | null {
  const close = nextRun(text, at + mark.length, mark);
  const code = text.slice(at + mark.length, close);
  if (close < 0 || !code.trim()) return null;
  return { part: { is: "code", text: code }, end: close + mark.length };
}

const kinds: Record<string, "strong" | "em" | "s"> = { "*": "em", _: "em", "**": "strong", "~~": "s" };
/* Globs, paths, faces and sums have other signs inside: .c /b ^_^ */
const begins = /^[\p{L}\p{N}\p{Ps}\p{Pi}\p{Extended_Pictographic}"'`*_~@#]/u;
const says = /[\p{L}\p{N}]{2}|\p{L}.*\p{L}|\p{Extended_Pictographic}/u;
const before_mark = /^$|[\s\p{Ps}\p{Pi}"':,]/u;
const after_mark = /^$|[\s\p{Pe}\p{Pf}"'.,:;!?…]|(?![\x00-\x7f])\p{P}/u;
/* Korean, Chinese and Japanese have no space there. */
const unspaced = /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

function mayStand(mark: string, before: string, after: string): boolean {
  if (mark === "**" && unspaced.test(before + after)) {
    return (before_mark.test(before) || unspaced.test(before)) && (after_mark.test(after) || unspaced.test(after));
  }
  /* (*^o^*) is a face. */
  const face = mark === "*" && before === "(" && after === ")";
  return before_mark.test(before) && after_mark.test(after) && !face;
}

function emphasisAt(text: string, at: number, mark: string, names: Names | null, depth: number): Found | null {
  const kind = kinds[mark];
  if (!kind || depth > nesting_max) return null;
  const close = nextRun(text, at + mark.length, mark);
  const inside = text.slice(at + mark.length, close);
  if (close < 0 || !begins.test(inside) || /[\s/\\]$/.test(inside)) return null;
  if (mark.length === 1 ? !says.test(inside) : !/[\p{L}\p{N}]|\p{Extended_Pictographic}/u.test(inside)) return null;
  const end = close + mark.length;
  if (!mayStand(mark, text[at - 1] ?? "", text[end] ?? "")) return null;
  return { part: { is: kind, inside: inlines(inside, names, depth + 1) }, end };
}

function mentionAt(text: string, at: number, names: Names | null): Found | null {
  const called = names?.at(text, at);
  return called ? { part: { is: "mention", text: text.slice(at, called.end), name: called.name }, end: called.end } : null;
}

function linkAt(text: string, at: number): Found | null {
  const end = linkEnd(text, at);
  return end ? { part: { is: "link", text: text.slice(at, end) }, end } : null;
}

function inlines(text: string, names: Names | null, depth = 0): Inline[] {
  const parts: Inline[] = [];
  const search = new RegExp(sign);
  let done = 0;
  for (let found = search.exec(text); found; found = search.exec(text)) {
    const at = found.index;
    const mark = text.slice(at, at + (/^[@h]/i.test(found[0]) ? found[0].length : run(text, at)));
    const first = mark[0]!;
    const taken =
      first === "@" ? mentionAt(text, at, names)
      : first === "`" ? codeAt(text, at, mark)
      : mark.length > 2 && /h/i.test(first) ? linkAt(text, at)
      : emphasisAt(text, at, mark, names, depth);
    search.lastIndex = taken?.end ?? at + mark.length;
    if (!taken) continue;
    if (at > done) parts.push({ is: "text", text: text.slice(done, at) });
    parts.push(taken.part);
    done = taken.end;
  }
  if (done < text.length) parts.push({ is: "text", text: text.slice(done) });
  return parts;
}

const fence = /^\s*```(?!`)/;
const language = /^[\w+#.-]{1,20}$/;
const quoted = /^>(?: |$|(?=@))/;
const bullet = /^(\s*)[-*•] (?=\s*(?:[\p{L}\p{N}\p{Ps}\p{Pi}\p{Extended_Pictographic}"'@#]|[`*_~]+\S))/u;

interface Taken {
  block: Block;
  /** How many lines it is, and what stands behind it on the last of them. */
  lines: number;
  rest: string;
}

/** Code between two fences. What stands beside the first is the name of its language, or its first line. */
function fencedAt(lines: readonly string[], at: number): Taken | null {
  const opens = fence.exec(lines[at]!);
  const beside = lines[at]!.slice(opens?.[0].length).trim();
  if (!opens || beside.includes("```")) return null;
  const close = lines.findIndex((line, i) => i > at && line.includes("```"));
  if (close < 0) return null;
  const last = lines[close]!;
  const end = last.indexOf("```");
  const code = lines.slice(at + 1, close);
  if (last.slice(0, end).trim()) code.push(last.slice(0, end));
  const label = language.test(beside) ? beside : "";
  if (beside && !label) code.unshift(beside);
  if (!label && !code.some((line) => line.trim())) return null;
  const rest = last.slice(end + run(last, end));
  return { block: { is: "code", label, text: code.join("\n") }, lines: close - at + 1, rest };
}

function alike(lines: readonly string[], at: number, kind: RegExp): string[] {
  let end = at;
  while (end < lines.length && kind.test(lines[end]!)) end++;
  return lines.slice(at, end);
}

function blockAt(lines: readonly string[], at: number, names: Names | null, depth: number): Taken | null {
  const code = fencedAt(lines, at);
  if (code) return code;
  const kind = [quoted, bullet].find((one) => one.test(lines[at]!));
  if (!kind || (kind === quoted && depth >= nesting_max)) return null;
  const block = alike(lines, at, kind);
  const inner = block.map((one) => one.replace(kind, "$1"));
  if (kind === bullet) {
    return { block: { is: "list", items: inner.map((one) => inlines(one, names)) }, lines: block.length, rest: "" };
  }
  const plain = block.map((one) => one.replace(quoted, ""));
  return { block: { is: "quote", inside: blocks(plain, null, depth + 1) }, lines: block.length, rest: "" };
}

function blocks(lines: string[], names: Names | null, depth: number): Block[] {
  const all: Block[] = [];
  let plain: string[] = [];
  const flush = () => {
    if (plain.length) all.push({ is: "text", inside: inlines(plain.join("\n"), names) });
    plain = [];
  };
  for (let at = 0; at < lines.length; ) {
    const taken = blockAt(lines, at, names, depth);
    if (!taken) {
      plain.push(lines[at]!);
      at++;
      continue;
    }
    flush();
    all.push(taken.block);
    at += taken.lines;
    if (taken.rest.trim()) plain.push(taken.rest.trim());
  }
  flush();
  return all;
}

/** The parts of a whole message. Nobody is called within a quote. */
export function parse(text: string, names: Names | null): Block[] {
  return blocks(text.split("\n"), names, 0);
}

function* mentionsIn(parts: readonly Inline[]): Generator<string> {
  for (const part of parts) {
    if (part.is === "mention") yield part.name;
    else if ("inside" in part) yield* mentionsIn(part.inside);
  }
}

/** Whether the text calls this name. */
export function calls(text: string, names: Names, name: string): boolean {
  if (!text.includes("@")) return false;
  for (const block of parse(text, names)) {
    const parts = block.is === "text" ? [block.inside] : block.is === "list" ? block.items : [];
    for (const one of parts) for (const called of mentionsIn(one)) if (called === name) return true;
  }
  return false;
}

function plainOf(block: Block): string {
  if (block.is === "code") return block.text;
  if (block.is === "quote") return block.inside.map(plainOf).join(" ");
  return block.is === "list" ? block.items.map(textOf).join(" ") : textOf(block.inside);
}

const textOf = (parts: readonly Inline[]): string => parts.map((part) => ("inside" in part ? textOf(part.inside) : part.text)).join("");

/** What a message says, in one line without its signs: for quotes, results and notifications. */
export function plainText(text: string): string {
  return parse(text, null).map(plainOf).join(" ").replace(/\s+/g, " ");
}
