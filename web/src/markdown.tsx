// Markdown-lite to nodes: bold, italic, struck, code, quotes, lists, links, mentions. No HTML string
// ever exists; what is not understood stays text.
import type { ComponentChild } from "preact";
import { mentions } from "./mention";

/* Each sign only where it may begin; no look-behind, which older Safari cannot read. */
const inline =
  /(`+)([^`](?:.*?[^`])?)\1|(https?:\/\/[^\s<>"'`]+)|\*\*(\S|\S.*?\S)\*\*|\*([^\s*]|[^\s*][^*]*[^\s*])\*|_([^\s_]|[^\s_][^_]*[^\s_])_|~~(\S|\S.*?\S)~~|@([\p{L}\p{N}_.-]+)/gu;
const word = /[\p{L}\p{N}_*]/u;
const nesting_max = 4;

/** A link ends before the punctuation of its sentence, and before a bracket it did not open. */
export function linkEnd(link: string): number {
  let end = link.length;
  for (;;) {
    const last = link[end - 1]!;
    const closes = last === ")" && link.slice(0, end).split("(").length < link.slice(0, end).split(")").length;
    if (!closes && !/[.,;:!?'"*_~]/.test(last)) return end;
    end--;
  }
}

/** A link into this chat stays on this page. */
function link(text: string): ComponentChild {
  const inside = text.startsWith(globalThis.location?.origin + "/#");
  return (
    <a href={text} target={inside ? undefined : "_blank"} rel="noopener noreferrer nofollow">
      {text}
    </a>
  );
}

function mention(text: string, me: string): ComponentChild {
  return <span class={mentions(text, me) ? "mention me" : "mention"}>{text}</span>;
}

/** * _ and @ do not begin within a word: 2*3*4, snake_case and mina@example.org stay as they are. */
function begins(text: string, found: RegExpExecArray, end: number): boolean {
  const sign = found[0][0]!;
  if (found[3] || sign === "`" || sign === "~") return true;
  if (word.test(text[found.index - 1] ?? "")) return false;
  return sign === "@" || !word.test(text[end] ?? "");
}

function node(found: RegExpExecArray, url: string, me: string, depth: number): ComponentChild {
  const [all, , code, , bold, star, line, struck] = found;
  if (code !== undefined) return <code>{code}</code>;
  if (url) return link(url);
  if (bold) return <strong>{inlines(bold, me, depth + 1)}</strong>;
  if (star || line) return <em>{inlines((star || line)!, me, depth + 1)}</em>;
  if (struck) return <s>{inlines(struck, me, depth + 1)}</s>;
  return mention(all, me);
}

function inlines(text: string, me: string, depth = 0): ComponentChild[] {
  if (depth > nesting_max) return [text];
  const nodes: ComponentChild[] = [];
  const search = new RegExp(inline);
  let done = 0;
  for (let found = search.exec(text); found; found = search.exec(text)) {
    const url = found[3] ? found[3].slice(0, linkEnd(found[3])) : "";
    const end = found.index + (url || found[0]).length;
    if (!begins(text, found, end)) {
      search.lastIndex = found.index + 1;
      continue;
    }
    if (found.index > done) nodes.push(text.slice(done, found.index));
    nodes.push(node(found, url, me, depth));
    search.lastIndex = done = end;
  }
  if (done < text.length) nodes.push(text.slice(done));
  return nodes;
}

const fence = /^\s*```/;
const quote = /^>\s?/;
const bullet = /^\s*[-*•]\s+/;
const numbered = /^\s*\d{1,4}[.)]\s+/;

function taken(lines: string[], at: number, sign: RegExp): string[] {
  let end = at;
  while (end < lines.length && sign.test(lines[end]!)) end++;
  return lines.slice(at, end);
}

/** A whole message. */
export function markdown(text: string, me: string, depth = 0): ComponentChild[] {
  const lines = text.split("\n");
  const nodes: ComponentChild[] = [];
  let plain: string[] = [];
  const flush = () => {
    if (plain.length) nodes.push(<p dir="auto">{inlines(plain.join("\n"), me)}</p>);
    plain = [];
  };
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    const close = fence.test(line) ? lines.findIndex((one, i) => i > at && fence.test(one)) : -1;
    if (close > at) {
      flush();
      nodes.push(
        <pre tabIndex={0} dir="ltr">
          <code>{lines.slice(at + 1, close).join("\n")}</code>
        </pre>,
      );
      at = close + 1;
      continue;
    }
    const sign = [quote, bullet, numbered].find((one) => one.test(line));
    if (!sign || (sign === quote && depth >= nesting_max)) {
      plain.push(line);
      at++;
      continue;
    }
    flush();
    const block = taken(lines, at, sign);
    const inner = block.map((one) => one.replace(sign, ""));
    const items = () => inner.map((one) => <li dir="auto">{inlines(one, me)}</li>);
    if (sign === quote) nodes.push(<blockquote>{markdown(inner.join("\n"), me, depth + 1)}</blockquote>);
    else if (sign === bullet) nodes.push(<ul>{items()}</ul>);
    else nodes.push(<ol start={parseInt(line, 10) || 1}>{items()}</ol>);
    at += block.length;
  }
  flush();
  return nodes;
}

const only_emoji = /^(?:\p{Extended_Pictographic}(?:\ufe0f|\u200d\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,3}$/u;

/** One to three emoji and nothing else are shown large. */
export function isEmojiOnly(text: string): boolean {
  return text.length < 40 && only_emoji.test(text);
}
