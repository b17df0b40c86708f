// What is too long for one message may be several.
import { chat } from "../app";
import { draftOf, draftSaid, writeDraft } from "../drafts";
import type { Room } from "../room";
import { bytes, characters, say, withoutControls } from "../saying";
import { t } from "../words";

/** The text in pieces of which each may be sent, cut at the end of a paragraph, line, sentence or word. */
export function inParts(text: string): string[] {
  const parts: string[] = [];
  for (let rest = withoutControls(text).trim(); rest; ) {
    const part = firstPart(rest);
    parts.push(part.trim());
    rest = rest.slice(part.length).trim();
  }
  return parts.filter(Boolean);
}

function firstPart(text: string): string {
  const { text_characters, text_bytes } = chat.limits.value;
  let end = 0;
  let count = 0;
  let size = 0;
  for (const one of characters(text)) {
    size += bytes(one);
    if (++count > text_characters || size > text_bytes) break;
    end += one.length;
  }
  if (end === text.length) return text;
  const most = text.slice(0, end);
  for (const cut of ["\n\n", "\n", ". ", "。", " "]) {
    const at = most.lastIndexOf(cut);
    if (at > end / 2) return most.slice(0, at + cut.length);
  }
  return most;
}

/** In pieces that each fit, cut where the text has a break. */
function submitInParts(room: Room, parts: readonly string[]): void {
  const draft = draftOf(room).peek();
  const kept = parts.map((part, i) => say(room, part, i ? {} : draft));
  draftSaid(room, Promise.all(kept).then(() => undefined));
  room.toNewest();
  room.divider.value = -1;
}

/** The text as a file, beside what is said. */
async function asFile(room: Room, text: string): Promise<void> {
  const { take } = await import("./files");
  writeDraft(room, { text: "" });
  await take(room, [new File([text], "message.txt", { type: "text/plain" })]);
}

export function InParts({ room, text }: { room: Room; text: string }) {
  const parts = inParts(text);
  return (
    <>
      <button type="button" class="link" onClick={() => submitInParts(room, parts)}>
        {t("inParts", { n: parts.length })}
      </button>
      {chat.limits.value.file_bytes && (
        <button type="button" class="link" onClick={() => void asFile(room, text)}>
          {t("asFile")}
        </button>
      )}
    </>
  );
}
