// A message's parts as nodes. No HTML string ever exists.
import type { ComponentChild } from "preact";
import { parse, type Block, type Inline } from "./markup";
import type { Names } from "./mention";

/** A link into this chat stays on this page. */
function link(text: string): ComponentChild {
  const inside = text.startsWith(globalThis.location?.origin + "/#");
  return (
    <a href={text} target={inside ? undefined : "_blank"} rel="noopener noreferrer nofollow">
      {text}
    </a>
  );
}

function inline(part: Inline, me: string): ComponentChild {
  switch (part.is) {
    case "text":
      return part.text;
    case "code":
      return <code>{part.text}</code>;
    case "link":
      return link(part.text);
    case "mention":
      return <span class={part.name === me ? "mention me" : "mention"}>{part.text}</span>;
    default: {
      const Tag = part.is;
      return <Tag>{inlines(part.inside, me)}</Tag>;
    }
  }
}

const inlines = (parts: readonly Inline[], me: string) => parts.map((part) => inline(part, me));

function block(part: Block, me: string): ComponentChild {
  switch (part.is) {
    case "text":
      return <p dir="auto">{inlines(part.inside, me)}</p>;
    case "code":
      return (
        <pre tabIndex={0} dir="ltr">
          {part.label && <small>{part.label}</small>}
          <code>{part.text}</code>
        </pre>
      );
    case "list":
      return <ul>{part.items.map((item) => <li dir="auto">{inlines(item, me)}</li>)}</ul>;
    case "quote":
      return <blockquote>{part.inside.map((one) => block(one, me))}</blockquote>;
  }
}

/** A whole message. */
export function markdown(text: string, names: Names | null, me: string): ComponentChild[] {
  return parse(text, names).map((part) => block(part, me));
}

const element =
  "(?:\\p{RI}\\p{RI}|[0-9#*]\\ufe0f?\\u20e3|(?!\\p{RI})(?:\\p{Emoji_Presentation}|\\p{Extended_Pictographic}(?=[\\ufe0f\\u200d]|\\p{Emoji_Modifier}))\\ufe0f?\\p{Emoji_Modifier}?[\\u{e0020}-\\u{e007f}]*(?:\\u200d\\p{Extended_Pictographic}\\ufe0f?\\p{Emoji_Modifier}?)*)";
const only_emoji = new RegExp(`^\\s*(?:${element}\\s*){1,3}$`, "u");

/** One to three emoji (UTS 51) and nothing else are shown large; signs that are text by default are not. */
export function isEmojiOnly(text: string): boolean {
  return text.length < 80 && only_emoji.test(text);
}
