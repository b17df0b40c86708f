// From what stands in the composer to what is said.
import { chat } from "./app";
import { draftOf, draftSaid, startEdit, type Draft } from "./drafts";
import { wordsOf } from "./files";
import type { Room } from "./room";
import { withWords } from "./words";

const typing_ms = 3000;

export function tellTyping(room: Room, on: boolean): void {
  const now = Date.now();
  if (on ? now - room.toldTyping < typing_ms : !room.toldTyping) return;
  room.toldTyping = on ? now : 0;
  if (room.joined.value) chat.connection.tell({ type: "typing", room: room.name, on });
}

/** Done when what is said will not be lost with the page. */
export function say(room: Room, text: string, { edit: target, reply, files }: Partial<Draft> = {}): Promise<void> {
  if (target) {
    const from = chat.me.value!.name;
    room.applyOptimistically({ type: "edit", room: room.name, seq: 0, ts: 0, from, target, text });
    return chat.sender.say({ room: room.name, kind: "edit", target, text });
  }
  if (room.isDirect && !room.log) {
    const first = chat.sender.say({ room: room.name, kind: "direct", to: room.peer.value, text: wordsOf({ text, files }) });
    /* Files go into a room that is there. */
    if (!files) return first;
    text = "";
  }
  return chat.sender.say({ room: room.name, kind: "send", text, reply_to: reply, files });
}

/** What is pasted from elsewhere may hold control characters, which the gateway refuses. */
export function withoutControls(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/[\0-\x08\v\f\x0e-\x1f\x7f-\x9f]/g, "");
}

/** A slash and a word: //word says /word, and what has another slash is a path. */
const command = /^\/(?=\/|[a-z]+(?:\s|$))/i;

/** Says the draft, or does what it commands; a draft of blanks is nothing. */
export function submit(room: Room): void {
  const draft = draftOf(room).peek();
  const text = withoutControls(draft.text).trim();
  const { files } = draft;
  /* One that has no size is still being made ready. */
  if (!(text || files) || files?.some((file) => !file.size)) return;
  tellTyping(room, false);
  if (command.test(text) && !draft.edit && !files) {
    void withWords(import("./lazy/commands")).then((part) => part.command(room, text), () => saySaid(room, draft, text));
    return;
  }
  saySaid(room, draft, text);
}

export function saySaid(room: Room, draft: Draft, text: string): void {
  draftSaid(room, say(room, text, draft));
  if (!draft.edit) room.toNewest();
  room.divider.value = -1;
}

export function editLast(room: Room): boolean {
  const rows = room.live.value.rows;
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i]!;
    if (row.kind === "message" && room.mine(row) && !row.deleted) {
      startEdit(room, row.seq, row.text);
      return true;
    }
  }
  return false;
}

const segments = typeof Intl !== "undefined" && "Segmenter" in Intl ? new (Intl as any).Segmenter() : null;

/** Characters as a reader counts them; code points where the browser cannot tell. */
export function* characters(text: string): Generator<string> {
  if (!segments) yield* text;
  else for (const { segment } of segments.segment(text)) yield segment;
}

export const bytes = (text: string) => new TextEncoder().encode(text).length;

/** How many characters are too many; negative when there is room left. What one character is may be
 * many bytes, of which there is a limit, too. */
export function excess(text: string): number {
  const { text_characters, text_bytes } = chat.limits.value;
  const over = bytes(text) - text_bytes;
  if (text.length < text_characters / 2 && over <= 0) return text.length - text_characters;
  let count = 0;
  for (const _ of characters(text)) count++;
  const wide = bytes(text) / (count || 1);
  return Math.max(count - text_characters, over > 0 ? Math.ceil(over / wide) : -Infinity);
}
