// What @name and :emoji: could become while it is being written.
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import { half } from "../mention";
import type { Room } from "../room";

export interface Choice {
  /** What it becomes. */
  text: string;
  /** What is shown. */
  label: string;
  start: number;
}

const choices_max = 6;

function names(room: Room, word: string): string[] {
  const wanted = word.normalize("NFKC").toLowerCase();
  const known = new Set<string>((room.people.value ?? []).map((one) => one.name));
  for (const row of room.live.value.rows) if (row.from) known.add(row.from);
  known.delete(chat.me.value?.name ?? "");
  return [...known].filter((name) => name.normalize("NFKC").toLowerCase().startsWith(wanted)).slice(0, choices_max);
}

let emoji: ((word: string) => { emoji: string; name: string }[]) | null = null;

async function loadEmoji(): Promise<void> {
  emoji ??= (await import("../lazy/emoji")).findEmoji;
}

export function useChoices(room: Room, text: string, caret: number): Choice[] {
  const [, loaded] = useState(false);
  const colon = half(text, caret, ":");
  const wantsEmoji = colon !== null && colon.length >= 2;
  useEffect(() => {
    if (wantsEmoji && !emoji) loadEmoji().then(() => loaded(true), () => undefined);
  }, [wantsEmoji]);
  const at = half(text, caret, "@");
  const unknown = at !== null && !room.people.value;
  useEffect(() => {
    if (unknown) void chat.people(room);
  }, [unknown, room]);
  if (at !== null) {
    const start = caret - at.length - 1;
    const found = names(room, at);
    /* Written out already: Enter is to send, not to choose. */
    return found.includes(at) ? [] : found.map((name) => ({ text: "@" + name + " ", label: "@" + name, start }));
  }
  if (!wantsEmoji || !emoji) return [];
  const start = caret - colon!.length - 1;
  return emoji(colon!)
    .slice(0, choices_max)
    .map((one) => ({ text: one.emoji + " ", label: `${one.emoji} ${one.name}`, start }));
}
