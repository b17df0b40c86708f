// What is being written in each room, and what it answers or changes.
import { signal, type Signal } from "@preact/signals";
import type { OwnFile } from "./files";
import { forget, recallAll, remember } from "./memory";
import type { Outgoing } from "./outbox";
import type { Room } from "./room";

export interface Draft {
  text: string;
  reply?: number;
  edit?: number;
  /** What goes along; while one of them has no size, it is being made ready. */
  files?: readonly OwnFile[];
  /** What was being written when an older message came to be edited. */
  before?: Draft;
}

const drafts = new Map<string, Signal<Draft>>();

export function draftOf(room: Room): Signal<Draft> {
  let draft = drafts.get(room.name);
  if (!draft) drafts.set(room.name, (draft = signal(recallAll<Draft>("drafts")[room.name] ?? { text: "" })));
  return draft;
}

/** Survives a reload; what is being edited does not, the message being there. */
function keep(room: Room): void {
  const kept = recallAll<Draft>("drafts");
  const { text, reply, edit, files, before } = draftOf(room).peek();
  if (edit) kept[room.name] = before!;
  else if (text || files) kept[room.name] = { text, reply, files };
  else delete kept[room.name];
  remember("drafts", kept);
}

export function writeDraft(room: Room, change: Partial<Draft>): void {
  const draft = draftOf(room);
  draft.value = { ...draft.peek(), ...change };
  keep(room);
}

/** The room is called otherwise now. */
export function moveDraft(from: Room, to: Room): void {
  writeDraft(to, draftOf(from).peek());
  writeDraft(from, { text: "", reply: undefined, edit: undefined, files: undefined, before: undefined });
}

/** It has been said. The kept draft goes only when what was said is kept in its place. */
export function draftSaid(room: Room, kept: Promise<void>): void {
  const draft = draftOf(room);
  draft.value = draft.peek().before ?? { text: "" };
  void kept.then(() => keep(room));
}

export function startEdit(room: Room, seq: number, text: string): void {
  const now = draftOf(room).peek();
  const before = now.before ?? { text: now.text, reply: now.reply, files: now.files };
  writeDraft(room, { edit: seq, reply: undefined, files: undefined, text, before });
  focusComposer();
}

/** Neither a reply nor an edit any more; what was being written before is back. */
export function stopReply(room: Room): void {
  writeDraft(room, { reply: undefined, ...whole(room) });
}

function whole(room: Room): Partial<Draft> {
  const { before } = draftOf(room).peek();
  return before ? { text: before.text, files: before.files, edit: undefined, before: undefined } : {};
}

/** The page went between keeping what was said and forgetting its draft: it is not there twice. */
export function forgetSaid(said: readonly Outgoing[]): void {
  const kept = recallAll<Draft>("drafts");
  for (const { room, text, files } of said) {
    const draft = kept[room];
    if (!draft || draft.text.trim() !== text || draft.files?.[0]?.key !== files?.[0]?.key) continue;
    delete kept[room];
    const shown = drafts.get(room);
    if (shown) shown.value = { text: "" };
  }
  remember("drafts", kept);
}

/** Somebody else writes here now. */
export function forgetDrafts(): void {
  drafts.clear();
  forget("drafts");
}

export function focusComposer(): void {
  /* While a dialog is open nothing behind it can be focused. */
  document.querySelector<HTMLDialogElement>("dialog[open]")?.close();
  document.querySelector<HTMLTextAreaElement>("#composer")?.focus();
}
