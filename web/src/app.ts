// What all views share: the chat, and the state of the page itself (which screen, which dialog).
import { effect, signal } from "@preact/signals";
import { browser } from "./browser";
import { Chat } from "./chat";
import { recall, remember } from "./memory";
import { lateShelf, openShelf } from "./outbox";
import type { Room } from "./room";

export type Screen = "room" | "rooms" | "people";
export type Part = "message" | "person" | "emoji" | "search" | "settings" | "room" | "create" | "switcher" | "help" | "link" | "invite";
export interface Open {
  part: Part;
  room?: Room;
  seq?: number;
  name?: string;
  pick?: (emoji: string) => void;
}

export let chat: Chat;
export const screen = signal<Screen>("room");
export const dialog = signal<Open | null>(null);
/** Said to screen readers once. */
export const announcement = signal("");
export const theme = signal(recall("theme", "auto"));

export function startChat(): void {
  chat = new Chat(browser, lateShelf(openShelf()));
  if (typeof BroadcastChannel !== "undefined") chat.sender.share(new BroadcastChannel("hearth"));
  effect(() => {
    if (chat.current.value) history.replaceState(history.state, "", address());
  });
}

effect(() => {
  const chosen = theme.value;
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  remember("theme", chosen);
});

interface Place {
  screen: Screen;
  room?: string;
}

function address(): string {
  const room = chat.current.value;
  return room && !room.isDirect ? "/#" + encodeURIComponent(room.name) : "/";
}

/** The room an invite link names: /#room or /r/room. */
export function invited(): string {
  const path = /^\/r\/([^/]+)/.exec(location.pathname)?.[1];
  try {
    return decodeURIComponent(location.hash.slice(1) || path || "");
  } catch {
    return "";
  }
}

/** Another screen, with an entry in the browser's history so that Back works. */
export function go(to: Screen): void {
  if (screen.value === to) return;
  screen.value = to;
  history.pushState({ screen: to, room: chat.current.value?.name } as Place, "", address());
}

export function goRoom(room: Room): void {
  const same = room === chat.current.value && screen.value === "room";
  chat.show(room);
  screen.value = "room";
  if (!same) history.pushState({ screen: "room", room: room.name } as Place, "", address());
}

export function goDirect(name: string): void {
  goRoom(chat.direct(name));
}

export function onBack(event: PopStateEvent): void {
  dialog.value = null;
  const place = event.state as Place | null;
  screen.value = place?.screen ?? "room";
  const name = place?.room ?? invited();
  const room = name && chat.rooms.value.find((one) => one.name === name);
  if (room) chat.show(room);
  else if (!place && name && chat.me.value) chat.show(chat.roomOf(name));
}

export function open(what: Open): void {
  dialog.value = what;
}

export function close(): void {
  dialog.value = null;
}

/** Wide enough for rooms and people beside the log; or only for one pane at a time. */
export const wide = signal(false);
export const narrow = signal(false);
