// Single messages of a room's past: shown among their neighbours, read again, quoted.
import type { Chat } from "../chat";
import type { Room } from "../room";
import { Refused, type HistoryLine } from "../wire";

const around_rows = 30;

export async function jump(chat: Chat, room: Room, seq: number): Promise<void> {
  if (room.row(seq) && !room.detached.value) {
    room.aim = 0;
    room.target.value = seq;
    return;
  }
  room.asks();
  try {
    const [older, newer] = await Promise.all([
      chat.history.page(room, { before: seq + 1, limit: around_rows }),
      chat.history.page(room, { after: seq, limit: around_rows }),
    ]);
    if (room.aim !== seq) return room.unasks();
    room.aim = 0;
    room.detachAround(older, newer, seq);
  } catch {
    if (room.aim === seq) room.aim = 0;
    room.unasks();
  }
}

async function one(chat: Chat, room: Room, seq: number): Promise<HistoryLine | undefined> {
  const page = await chat.history.page(room, { after: seq - 1, limit: 1 });
  return page.messages.find((line) => line.seq === seq);
}

export async function refresh(chat: Chat, room: Room, seq: number): Promise<void> {
  const line = await one(chat, room, seq).catch(() => undefined);
  if (line) room.correct(line);
}

let quoting = Promise.resolve();

/** One at a time: a lively room has many, and what a reader may ask for at once is limited. */
export function quote(chat: Chat, room: Room, seq: number): Promise<void> {
  quoting = quoting.then(() => quoteOne(chat, room, seq));
  return quoting;
}

async function quoteOne(chat: Chat, room: Room, seq: number): Promise<void> {
  if (room.row(seq) || room.quotes.value.has(seq)) return;
  try {
    const line = await one(chat, room, seq);
    if (line) room.quoted(line);
  } catch (error) {
    const again = error instanceof Refused && error.passes;
    if (again) chat.clock.setTimeout(() => void quote(chat, room, seq), error.retryAfterMs ?? 1000);
  }
}

/** The first message from a time on: times rise with seq, so half the range falls away at each step. */
export async function seqAt(chat: Chat, room: Room, ts: number): Promise<number | null> {
  let low = 0;
  let high = room.cursor;
  let found: number | null = null;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const page = await chat.history.page(room, { after: middle, limit: 1 });
    const line = page.messages[0];
    if (!line || line.ts >= ts) {
      if (line) found = line.seq;
      high = middle;
    } else low = line.seq;
  }
  return found;
}
