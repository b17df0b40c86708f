// What @name and :emoji: could become while it is being written.
import { chat } from "../app";
import { fold } from "../mention";
import type { Room } from "../room";
import { t } from "../words";
import { commands } from "./commands";
import { findEmoji } from "./emoji";
import { half } from "./half";

export { EmojiPicker } from "./emoji";

export interface Choice {
  /** What it becomes. */
  text: string;
  /** What is shown. */
  label: string;
  /** What it does. */
  hint?: string;
  start: number;
}

const choices_max = 6;
const emoji_characters_min = 2;

function names(room: Room, word: string): string[] {
  if (!room.people.value) void chat.people(room);
  const known = new Set<string>((room.people.value ?? []).map((one) => one.name));
  for (const row of room.live.value.rows) if (row.from) known.add(row.from);
  known.delete(chat.me.value?.name ?? "");
  return [...known]
    .map((name) => ({ name, rank: rank(fold(name), fold(word)) }))
    .filter((one) => one.rank < unlike)
    .sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name))
    .slice(0, choices_max)
    .map((one) => one.name);
}

const unlike = 3;

/** Names that begin with it, then those of which a part does, then those that contain it. */
function rank(name: string, word: string): number {
  const at = name.indexOf(word);
  if (at <= 0) return at < 0 ? unlike : 0;
  return name.split(/[\s._-]/).some((part) => part.startsWith(word)) ? 1 : 2;
}

function commandChoices(text: string, caret: number): Choice[] {
  const word = /^\/([a-z]*)$/i.exec(text.slice(0, caret))?.[1]?.toLowerCase();
  if (word === undefined) return [];
  return commands
    .filter((one) => one.name.startsWith(word) && one.name !== word)
    .map(({ name, takes, words }) => ({
      text: `/${name} `,
      label: `/${name} ${takes && t(takes)}`.trim(),
      hint: t(words),
      start: 0,
    }));
}

export function choicesOf(room: Room, text: string, caret: number): Choice[] {
  if (text.startsWith("/")) {
    const found = commandChoices(text, caret);
    if (found.length) return found;
  }
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
          {choice.hint && <span class="muted small">{choice.hint}</span>}
        </li>
      ))}
    </ul>
  );
}
