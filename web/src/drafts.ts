// What is being written in each room, and what it answers or changes.
import { signal, type Signal } from "@preact/signals";
import { recall, remember } from "./memory";
import type { Room } from "./room";

export interface Draft {
  text: string;
  reply?: number;
  edit?: number;
}

const drafts = new Map<string, Signal<Draft>>();

export function draftOf(room: Room): Signal<Draft> {
  let draft = drafts.get(room.name);
  if (!draft) {
    const kept = recall<Record<string, string>>("drafts", {});
    drafts.set(room.name, (draft = signal<Draft>({ text: kept[room.name] ?? "" })));
  }
  return draft;
}

export function writeDraft(room: Room, change: Partial<Draft>): void {
  const draft = draftOf(room);
  draft.value = { ...draft.value, ...change };
  const kept = recall<Record<string, string>>("drafts", {});
  const { text, edit } = draft.value;
  if (edit) return;
  if (text) kept[room.name] = text;
  else delete kept[room.name];
  remember("drafts", kept);
}

export function startReply(room: Room, seq: number): void {
  writeDraft(room, { reply: seq, edit: undefined });
  focusComposer();
}

export function startEdit(room: Room, seq: number, text: string): void {
  writeDraft(room, { edit: seq, reply: undefined, text });
  focusComposer();
}

export function focusComposer(): void {
  /* While a dialog is open nothing behind it can be focused. */
  document.querySelector<HTMLDialogElement>("dialog[open]")?.close();
  document.querySelector<HTMLTextAreaElement>("#composer")?.focus();
}
