// What the gateway tells without being asked: entries of a room's log, and what is not in any log.
import type { Chat } from "./chat";
import { wordsOf } from "./files";
import type { Room } from "./room";
import type { Entry, Event, Frame } from "./wire";

const typing_lapses_ms = 7000;

export function hear(chat: Chat, frame: Frame): void {
  switch (frame.type) {
    case "message":
    case "edit":
    case "delete":
    case "reaction":
    case "topic":
      hearEntry(chat, frame as unknown as Entry);
      break;
    default:
      hearEvent(chat, frame as unknown as Event);
  }
}

function hearEntry(chat: Chat, entry: Entry): void {
  /* Of a room that was left, or has gone, there may still be something on its way. */
  const room = chat.known(entry.room);
  if (!room?.joined.value || !room.told(entry)) return;
  const mine = room.mine(entry);
  if (mine && entry.type !== "topic" && entry.nonce) chat.sender.found(entry.nonce);
  if (room.loaded.value && (entry.type !== "reaction")) room.count();
  if (entry.type !== "message" || mine || chat.hides(entry)) return;
  if (!room.stick && room === chat.current.value) room.below.value++;
  if (room.typing.value.includes(entry.from)) {
    room.typing.value = room.typing.value.filter((name) => name !== entry.from);
  }
  if (room.caughtUp.value) void tellOf(chat, room, entry.seq);
  else room.missing++;
}

/** Whether it is to oneself may hang on a message further up, which is asked for first. */
async function tellOf(chat: Chat, room: Room, seq: number): Promise<void> {
  const row = room.row(seq);
  if (!row) return;
  if (row.reply && !room.original(row.reply)) await chat.history.quote(room, row.reply);
  chat.onMessage({ room, from: row.from, text: wordsOf(row), called: room.namesMe(row) });
}

/** A phone that slept, or somebody's first direct message: one call for all that was missed. */
function callForMissed(chat: Chat, room: Room): void {
  const row = room.newestCall();
  if (row) chat.onMessage({ room, from: row.from, text: wordsOf(row), called: room.namesMe(row) });
}

function hearEvent(chat: Chat, event: Event): void {
  if (event.type === "notice") chat.say({ key: "text", text: event.text });
  else if (event.type === "room") hearRoom(chat, event);
  else if (event.type === "missed") chat.connection.retryNow();
  else if ("room" in event && event.room && event.type !== "invited") {
    const room = chat.known(event.room);
    if (room) hearOf(chat, room, event);
  } else {
    hearLater(chat, event);
  }
}

function hearLater(chat: Chat, event: Event): void {
  void import("./lazy/personal").then((part) => part.hearPersonal(chat, event), () => undefined);
}

function hearOf(chat: Chat, room: Room, event: Event): void {
  switch (event.type) {
    case "live":
      hearLive(chat, room, event.seq);
      break;
    case "presence":
      room.presence(event);
      break;
    case "typing":
      hearTyping(chat, room, event.names);
      break;
    case "read":
      room.readTo(event.seq);
      break;
    case "muted":
      room.mute(event.on, event.left_ms);
      break;
    case "kicked":
      chat.membership.kicked(room, event.banned ? "banned" : "kicked", event.reason);
      break;
    default:
      hearLater(chat, event);
  }
}

function hearLive(chat: Chat, room: Room, seq: number): void {
  const { missing } = room;
  room.caughtUpTo(seq);
  if (missing) callForMissed(chat, room);
  chat.sender.flush(room.name);
}

function hearTyping(chat: Chat, room: Room, names: string[]): void {
  const told = names.filter((name) => name !== chat.me.value?.name);
  room.typing.value = told;
  chat.clock.setTimeout(() => {
    if (room.typing.value === told) room.typing.value = [];
  }, typing_lapses_ms);
}

function hearRoom(chat: Chat, event: Event & { type: "room" }): void {
  if (event.change === "removed") {
    chat.membership.removed(event.name);
    return;
  }
  const former = event.was ? chat.known(event.was) : undefined;
  if (former) chat.membership.renamed(former, event.name);
  const known = chat.known(event.name);
  const room = chat.roomOf(event.name);
  if (event.change === "purged") chat.membership.purged(room);
  room.describe(event);
  if (!event.role) room.archived.value = event.archived ?? false;
  /* Whom it opens to is told a role there: a guest stays one. */
  if (!known && event.visibility === "private" && event.role) void chat.membership.join(room);
  if (room.isDirect && !room.joined.value) void chat.membership.join(room).then(() => callForMissed(chat, room));
}
