// What all views share: the chat, and the state of the page itself (which screen, which dialog).
import { computed, effect, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { browser } from "./browser";
import { Chat } from "./chat";
import { openStores, OutboxStores } from "./outbox";
import type { Room } from "./room";

export type Screen = "room" | "rooms" | "people";
export type Part = "message" | "person" | "emoji" | "search" | "settings" | "room" | "create" | "switcher" | "help" | "link" | "invite" | "self" | "door" | "attach" | "picture" | "voice";
export interface Open {
  part: Part;
  room?: Room;
  seq?: number;
  name?: string;
  /** What is to be done with a person at once; and the bridge that brings what that one says. */
  act?: "ban";
  uid?: string;
  pick?: (emoji: string) => void;
}

export let chat: Chat;
export const screen = signal<Screen>("room");
export const dialog = signal<Open | null>(null);
/** The button for a voice message, once it is there and where there can be one. */
export const microphone = signal<ComponentType<{ room: Room }> | null>(null);
/** Said to screen readers once. */
export const announcement = signal("");

export function startChat(): void {
  chat = new Chat(browser, new OutboxStores(openStores()));
  if (typeof BroadcastChannel !== "undefined") chat.sender.share(new BroadcastChannel("hearth"));
  effect(() => {
    if (chat.current.value) history.replaceState(history.state, "", address(chat.current.value));
  });
  goTo(invited());
}

interface Place {
  screen: Screen;
  room?: string;
  /** Of a sheet over it. */
  sheet?: boolean;
}

function address(room: Room | null): string {
  return room && !room.isDirect ? pathTo(room) : "/";
}

export function pathTo(room: Room): string {
  return "/#" + encodeURIComponent(room.name);
}

/** What a code in the address is for, the code, and the room to go to. */
function brought(): [kind: string, code: string, room: string] | undefined {
  const [, kind, code, room = ""] = /^#(invite|join|move)\/(\w{10,26})\/?(.*)/.exec(location.hash) ?? [];
  return kind && code ? [kind, code, room] : undefined;
}

/** A code that lets this device in: /#join/CODE, /#move/CODE. */
export function broughtCode(): string {
  const [kind, code] = brought() ?? [];
  return kind !== "invite" ? (code ?? "") : "";
}

/** What a link names: a room (/#room or /r/room) and perhaps one message in it (/#room/seq). */
interface Aim {
  room: string;
  seq: number;
  /** The code of an invite link: /#invite/CODE lets in, /#invite/CODE/room into that room. */
  invite: string;
}

export function invited(): Aim {
  const path = location.pathname.startsWith("/r/") ? location.pathname.slice(3) : "";
  const [kind, code, into] = brought() ?? [];
  const [room = "", seq] = (into ?? (location.hash.slice(1) || path)).split("/");
  const invite = kind === "invite" ? code! : "";
  try {
    return { room: decodeURIComponent(room), seq: Number(seq) || 0, invite };
  } catch {
    return { room: "", seq: 0, invite };
  }
}

/** Shows the message as soon as its room is there. */
function goTo({ room, seq }: Aim): void {
  if (!seq) return;
  const stop = effect(() => {
    const shown = chat.current.value;
    if (shown?.name !== room || !shown.loaded.value) return;
    queueMicrotask(() => stop());
    void chat.history.jump(shown, seq);
  });
}

/** An entry in the browser's history, so that Back works. One that a sheet left behind is used. */
function enterHistory(sheet = false, room = chat.current.value): void {
  const place: Place = { screen: screen.value, room: room?.name, sheet };
  leftOver = false;
  if ((history.state as Place | null)?.sheet) history.replaceState(place, "", address(room));
  else history.pushState(place, "", address(room));
}

export function go(to: Screen): void {
  if (screen.value === to) return;
  screen.value = to;
  enterHistory();
}

export function goRoom(room: Room): void {
  const same = room === chat.current.value && screen.value === "room";
  chat.putOut = false;
  screen.value = "room";
  /* First, or the entry of the room before would get this one's address. */
  if (!same) enterHistory(false, room);
  chat.show(room);
}

/** A sheet was closed by other means than Back, and its entry is still there: Back goes over it. */
let leftOver = Boolean((history.state as Place | null)?.sheet);

export function onBack(event: PopStateEvent): void {
  dialog.value = null;
  const place = event.state as Place | null;
  const aim = invited();
  /* Another address that was typed or followed is no way back. */
  const elsewhere = !place && aim.room && aim.room !== chat.current.peek()?.name;
  const over = leftOver && !elsewhere;
  leftOver = false;
  if (over) return history.back();
  if (!place && aim.invite) return location.reload();
  screen.value = place?.screen ?? "room";
  const name = place?.room ?? aim.room;
  const room = chat.known(name);
  if (room?.wanted) chat.show(room);
  else if (!place && name && chat.me.value) chat.show(chat.roomOf(name));
  if (!place) goTo(aim);
}

export function open(what: Open): void {
  dialog.value = what;
  enterHistory(true);
}

export function close(): void {
  if (!dialog.peek()) return;
  dialog.value = null;
  leftOver = true;
}

/** Nothing lies over the log. */
export const logShown = computed(() => wide.value || screen.value === "room" || (screen.value === "rooms" && !narrow.value));

/** Wide enough for rooms and people beside the log; or only for one pane at a time. */
export const wide = signal(false);
export const narrow = signal(false);
