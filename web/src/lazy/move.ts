// Moving to another address of the same gateway: who one is comes along by a code that is good once. What is
// queued here would stay behind, so it is sent first.
import { chat } from "../app";

export function isEmpty(): boolean {
  return !chat.sender.items.value.length;
}

/** What to open at the other address. */
export async function movingPath(): Promise<string> {
  const { path } = await chat.do({ type: "move" });
  const room = chat.current.peek();
  return room && !room.isDirect ? `${path}/${encodeURIComponent(room.name)}` : path;
}

/** An address as people type it; nothing when it is none. */
export function originOf(typed: string): string {
  try {
    const { origin } = new URL(/^https?:\/\//i.test(typed) ? typed : "http://" + typed);
    /* Some browsers take blanks in a name. */
    return /^https?:\/\/[\w.:[\]-]+$/.test(origin) ? origin : "";
  } catch {
    return "";
  }
}
