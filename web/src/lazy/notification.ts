// Calls somebody who looks elsewhere, where the browser allows it and the room's setting wants it.
import { chat, close, goRoom } from "../app";
import type { Told } from "../chat";
import type { Room } from "../room";
import { plainText } from "../markup";
import { attentive, canNotify, loudness } from "../notify";
import { sound } from "../settings";
import { ring } from "./sound";

function show(room: Room): void {
  window.focus();
  close();
  goRoom(room);
}

let listening = false;

/** Android shows what a worker shows, and nothing else. */
async function byWorker(title: string, options: NotificationOptions): Promise<boolean> {
  const worker = await navigator.serviceWorker?.getRegistration();
  if (!worker?.active) return false;
  await worker.showNotification(title, options);
  if (!listening) navigator.serviceWorker.addEventListener("message", ({ data }) => show(chat.roomOf(data.room)));
  listening = true;
  return true;
}

export async function notify({ room, from, text, called }: Told): Promise<void> {
  const loud = loudness(room);
  if (loud === "none" || (loud === "mentions" && !called)) return;
  if (sound.value === "on") ring();
  if (!canNotify || attentive()) return;
  /* Asked last: this too is a call to another process, and waits for it. */
  if (Notification.permission !== "granted") return;
  const title = `${from} · ${room.title}`;
  const options = { body: plainText(text), tag: room.name };
  if (await byWorker(title, options)) return;
  const note = new Notification(title, options);
  note.onclick = () => {
    show(room);
    note.close();
  };
}
