// How the page may read a room's files: an <img> cannot send a key, so the gateway gives one that stands in
// the address. It opens all files of a room for an hour.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import type { FileLine } from "../files";
import type { Room } from "../room";
import { Refused } from "../wire";

interface Key {
  key: string;
  /** When another one is asked for (ms of the page's clock). */
  until: number;
}

const keys = signal<ReadonlyMap<string, Key>>(new Map());
const asking = new Set<string>();
const gone_codes = ["gone", "message_not_found"];
/** Ids of files that the gateway has no more. */
const refused = signal<ReadonlySet<string>>(new Set());

/** Asks for a key of the room that this file is in, unless there is one that lasts. */
async function ask(room: string, id: string): Promise<void> {
  if (asking.has(room) || chat.clock.now() < (keys.peek().get(room)?.until ?? 0)) return;
  asking.add(room);
  try {
    const { path, expires_ms } = await chat.connection.request({ type: "file_url", id });
    const key = new URL(path, location.href).searchParams.get("key") ?? "";
    keys.value = new Map(keys.peek()).set(room, { key, until: chat.clock.now() + expires_ms / 2 });
  } catch (error) {
    /* else asked for again by the next one that is drawn, or with the next connection */
    if (error instanceof Refused && gone_codes.includes(error.code)) refused.value = new Set(refused.peek()).add(id);
  } finally {
    asking.delete(room);
  }
}

/** This one opened nothing: another is asked for. */
function refuseKey(room: string, key: string): void {
  if (keys.peek().get(room)?.key !== key) return;
  const others = new Map(keys.peek());
  others.delete(room);
  keys.value = others;
}

function useKey(room: Room, id: string): string {
  const held = keys.value.get(room.name);
  const open = chat.link.value.is === "open";
  useEffect(() => {
    if (open && id) void ask(room.name, id);
  }, [open, id, held]);
  return held?.key ?? "";
}

function pathOf(id: string, name: string, key: string): string {
  return key && `/files/${id}/${encodeURIComponent(name)}?key=${key}`;
}

async function isGone(path: string): Promise<boolean> {
  const reply = await fetch(path, { method: "HEAD" }).catch(() => null);
  return reply?.status === 410;
}

export interface Loading {
  path: string;
  /** "gone": for good. */
  state: "well" | "failed" | "gone";
  again(): void;
  onError(): void;
}

/** The address of a file. It stays what it was while it works: with another key it would be fetched again.
 * What fails is tried once more with a fresh key, then with each new connection. */
export function useFile(room: Room, id: string, name: string, preview = id): Loading {
  const key = useKey(room, id);
  const open = chat.link.value.is === "open";
  const [used, use] = useState("");
  const [state, set] = useState<"fresh" | "again" | "failed" | "gone">("fresh");
  const anew = (next: typeof state) => {
    refuseKey(room.name, used);
    use("");
    set(next);
  };
  useEffect(() => {
    if (key && !used) use(key);
  }, [key, used]);
  useEffect(() => {
    if (open && state === "failed") anew("again");
  }, [open]);
  const path = pathOf(preview, name, used);
  const onError = () => {
    if (state === "fresh") anew("again");
    else void isGone(path).then((gone) => set(gone ? "gone" : "failed"));
  };
  const told = refused.value.has(id) ? "gone" : state === "failed" || state === "gone" ? state : "well";
  return { path, state: told, again: () => anew("fresh"), onError };
}

/** Whether it is drawn as a picture. */
export function isShown(file: FileLine): boolean {
  return !file.gone && !!file.width && !!file.height;
}
