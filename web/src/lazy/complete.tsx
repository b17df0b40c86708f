// What @name and :emoji: could become while it is being written.
import { chat } from "../app";
import { fold } from "../mention";
import type { Room } from "../room";
import { t } from "../words";
import { findEmoji } from "./emoji";
import { half } from "./half";

export { EmojiPicker } from "./emoji";

export interface Choice {
  /** What it becomes. */
  text: string;
  /** What is shown. */
  label: string;
  start: number;
}

const choices_max = 6;
const emoji_characters_min = 2;

function names(room: Room, word: string): string[] {
  if (!room.people.value) void chat.people(room);
  const known = new Set<string>((room.people.value ?? []).map((one) => one.name));
  for (const row of room.live.value.rows) if (row.from) known.add(row.from);
  known.delete(chat.me.value?.name ?? "");
  return [...known].filter((name) => fold(name).startsWith(fold(word))).slice(0, choices_max);
}

export function choicesOf(room: Room, text: string, caret: number): Choice[] {
  const at = half(text, caret, "@");
  if (at !== null) {
    const start = caret - at.length - 1;
    const found = names(room, at);
    /* Written out already: Enter is to send, not to choose. */
    return found.includes(at) ? [] : found.map((name) => ({ text: "@" + name + " ", label: "@" + name, start }));
  }
  const colon = half(text, caret, ":");
  if (colon === null || colon.length < emoji_characters_min) return [];
  const start = caret - colon.length - 1;
  return findEmoji(colon)
    .slice(0, choices_max)
    .map((one) => ({ text: one.emoji + " ", label: `${one.emoji} ${one.name}`, start }));
}

export function Choices({ choices, at, take }: { choices: Choice[]; at: number; take(choice: Choice): void }) {
  if (!choices.length) return null;
  return (
    <ul class="choices" id="choices" role="listbox" aria-label={t("people")}>
      {choices.map((choice, i) => (
        <li
          key={choice.label}
          id={"choice" + i}
          role="option"
          aria-selected={i === at}
          onMouseDown={(event) => {
            event.preventDefault();
            take(choice);
          }}
        >
          {choice.label}
        </li>
      ))}
    </ul>
  );
}
