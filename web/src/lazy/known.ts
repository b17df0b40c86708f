// What the later parts know and share with each other, and the page itself does without.
import { signal } from "@preact/signals";
import { chat } from "../app";
import type { Notice } from "../chat";
import { remember } from "../memory";
import type { BlockedLine, BlockRequest, KnockLine, SanctionLine } from "../protocol.gen";
import type { Room } from "../room";
import { Refused } from "../wire";
import { may } from "./may";

/** Who waits at the door, as far as a moderator of the gateway was told. */
export const knocks = signal<readonly KnockLine[]>([]);
/** How far erasing is, while it goes on. */
export const erased = signal(0);
/** Who is banned or muted in the room that a moderator looks at. */
export const sanctions = signal<readonly SanctionLine[]>([]);

/** Whether one has a say in the gateway: at its door, and everywhere. */
export function hasSay(): boolean {
  return may(chat.role.value, "sanctions");
}

/** The bar that tells of them: there is one, and it goes when nobody waits. */
let knocking: Notice | undefined;

export function sayKnocking(notice?: Notice): void {
  if (knocking) chat.hush(knocking);
  knocking = notice;
  if (notice) chat.say(notice);
}

export async function askKnocks(): Promise<void> {
  const told = hasSay() && chat.newcomers.value === "ask" ? await chat.do({ type: "knocks" }) : { knocks: [] };
  knocks.value = told.knocks;
  if (!told.knocks.length) sayKnocking();
}

/** Lets somebody in, or not; somebody else may have been quicker. */
export function admit(user: string, accept: boolean): Promise<unknown> {
  return chat.do({ type: "admit", user, accept }).then(askKnocks, (error: Error) => askKnocks().then(() => Promise.reject(error)));
}

/** All who wait now: who comes meanwhile is asked about again. Some may have gone, or somebody else was quicker. */
export async function admitAll(accept: boolean): Promise<void> {
  const gone = (error: Error) => {
    if (!(error instanceof Refused && error.code === "user_not_found")) throw error;
  };
  for (const { user } of knocks.peek()) await chat.do({ type: "admit", user, accept }).catch(gone);
  await askKnocks();
}

/** Of the room, and of the whole gateway where one has a say. */
export async function askSanctions(room: Room): Promise<void> {
  const here = await chat.do({ type: "sanctions", room: room.name });
  const all = hasSay() ? await chat.do({ type: "sanctions" }) : { sanctions: [] };
  sanctions.value = [...here.sanctions, ...all.sanctions.filter((one) => !one.room)];
}

/** Who it is that was banned or muted: somebody behind a bridge alone, or a user. */
export function whomOf(line: SanctionLine): string {
  return line.from ?? line.user;
}

/** Kept on this device, so that their words are folded from the first drawing on. */
export async function askBlocked(): Promise<readonly BlockedLine[]> {
  const { blocked } = await chat.do({ type: "blocked" });
  chat.blocked.value = blocked.map((one) => one.uid);
  remember("blocked", chat.blocked.value);
  return blocked;
}

export function block(whom: Omit<BlockRequest, "type">): Promise<readonly BlockedLine[]> {
  return chat.do({ type: "block", ...whom }).then(askBlocked);
}
