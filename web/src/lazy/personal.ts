// What the gateway tells of people: somebody is called otherwise, one is muted everywhere, a device asks to be let in or was let in.
import { goRoom, open } from "../app";
import type { Signal } from "@preact/signals";
import type { Chat } from "../chat";
import type { LogRange, Row } from "../log";
import { remember } from "../memory";
import type { AdmittedEvent, ClaimantReply, DeviceAddedEvent, DraftReply, ErasingEvent, Event, InvitedEvent, KnockEvent, MutedEvent, ReactionLine, RenamedEvent, ReportEvent, RoleEvent } from "../protocol.gen";
import type { Room } from "../room";
import { sound } from "../settings";
import { t, withWords } from "../words";
import { adopt } from "./adopt";
import { hearDraft } from "./elsewhere";
import { admit, askKnocks, erased, knocks, sayKnocking } from "./known";
import { ring } from "./sound";

type Personal = MutedEvent | RenamedEvent | DraftReply | DeviceAddedEvent | ClaimantReply | KnockEvent | AdmittedEvent | ReportEvent | ErasingEvent | InvitedEvent | RoleEvent;

export function hearPersonal(chat: Chat, event: Event): void {
  const told = event as unknown as Personal;
  if (told.type === "renamed") renamed(chat, told);
  else if (told.type === "draft") hearDraft(chat.roomOf(told.room), told);
  else if (told.type === "device_added") void withWords(Promise.resolve()).then(() => added(chat, told));
  else if (told.type === "muted") chat.rooms.peek().forEach((room) => room.mute(told.on, told.left_ms));
  else if (told.type === "claimant") chat.claimant.value = told;
  else if (told.type === "erasing") erased.value = told.count;
  else if (told.type === "invited") void withWords(Promise.resolve()).then(() => invited(chat, told));
  else if (told.type === "admitted" || told.type === "role") begunAnew(chat);
  else if (told.type === "knock") void withWords(askKnocks()).then(() => knocked(chat, told));
  else if (told.type === "report") void withWords(Promise.resolve()).then(() => reported(chat, told));
}

function renamed(chat: Chat, { uid, from, to }: RenamedEvent): void {
  const me = chat.me.peek();
  if (me && (me.uid ? me.uid === uid : me.name === from)) {
    chat.me.value = { ...me, name: to };
    remember("me", chat.me.value);
    adopt(chat, from);
  }
  for (const room of chat.rooms.peek()) {
    renamedIn(room, from, to);
    const people = room.people.peek();
    if (people?.some((one) => one.name === from)) {
      room.people.value = people.map((one) => (one.name === from ? { ...one, name: to } : one));
    }
  }
}

/** Who reacted is told by the name of now. */
function renamedIn(room: Room, from: string, to: string): void {
  const now = (line: ReactionLine) => ({ ...line, names: line.names.map((name) => (name === from ? to : name)) });
  for (const range of [room.live, room.detached] as Signal<LogRange | null>[]) {
    const shown = range.peek();
    const named = (row: Row) => row.reactions.some((line) => line.names.includes(from));
    if (!shown?.rows.some(named)) continue;
    range.value = { ...shown, rows: shown.rows.map((row) => (named(row) ? { ...row, reactions: row.reactions.map(now) } : row)) };
  }
}

function added(chat: Chat, { client, address }: DeviceAddedEvent): void {
  chat.devices++;
  const text = t("deviceAdded", { client: client || t("someDevice"), address });
  chat.say({ key: "text", text, acts: [{ words: "yourDevices", does: () => open({ part: "self" }) }] });
}

/** Let in, or with another role: what one may do where is told by the next welcome. */
function begunAnew(chat: Chat): void {
  chat.connection.retryNow();
}

function call(): void {
  if (sound.value === "on") ring();
}

/** One is let in at once; of several there is a list. */
function knocked(chat: Chat, { user, text, waiting }: KnockEvent): void {
  call();
  const lead = waiting > 1 ? t("knockMore", { n: waiting - 1, name: user }) : t("knocks", { name: user });
  const answer = (accept: boolean) => void admit(user, accept).catch((error: Error) => chat.say({ key: "text", text: error.message }));
  const one = [
    { words: "turnAway" as const, does: () => answer(false) },
    { words: "letInThem" as const, does: () => answer(true) },
  ];
  const several = [{ words: "showRoom" as const, does: () => open({ part: "door" }) }];
  if (knocks.value.length) sayKnocking({ key: "text", text: text ? `${lead} “${text}”` : lead, acts: waiting > 1 ? several : one });
}

function reported(chat: Chat, { room, target, by, reason }: ReportEvent): void {
  call();
  const text = t("reportTold", { name: by, room: "#" + room }) + (reason ? ` “${reason}”` : "");
  const show = () => {
    const where = chat.roomOf(room);
    goRoom(where);
    void chat.history.jump(where, target);
  };
  chat.say({ key: "text", text, acts: [{ words: "showRoom", does: show }] });
}

/** One is in at once, so that nothing said there is missed; the list shows it as new until one has looked. */
function invited(chat: Chat, { room: name, by }: InvitedEvent): void {
  const room = chat.roomOf(name);
  const text = t("invitedYouTo", { name: by, room: "#" + name });
  if (room !== chat.current.peek()) chat.membership.mark(room, by);
  const acts = [
    { words: "decline" as const, does: () => void chat.membership.leave(room) },
    { words: "showRoom" as const, does: () => goRoom(room) },
  ];
  chat.say({ key: "text", text, acts });
  chat.onMessage({ room, from: by, text, called: true });
  void chat.membership.join(room);
}
