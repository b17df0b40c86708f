// The bytes of files that wait to be said, until the gateway has them: in a database of their own, and in
// memory where there is none. Bounded in bytes.
import { signal, type Signal } from "@preact/signals";
import { Database, inTime } from "../outbox";

export interface Kept {
  key: string;
  /** When it was put there (ms). */
  at: number;
  file: Blob;
  /** A small picture of it. */
  preview?: Blob;
}

const waiting_bytes_max = 64 << 20;
const orphan_ms = 3600000;

const database = new Database("hearth-files", "key");
const memory = new Map<string, Kept>();

async function all(): Promise<Kept[]> {
  const stored = await inTime(database.act<Kept[]>("readonly", (store) => store.getAll())).catch(() => []);
  return [...stored.filter(({ key }) => !memory.has(key)), ...memory.values()];
}

const sizeOf = ({ file, preview }: Kept) => file.size + (preview?.size ?? 0);

/** False when too much waits already. Where the browser keeps nothing it lasts as long as the page. */
export async function keep(kept: Kept): Promise<boolean> {
  const others = (await all()).filter(({ key }) => key !== kept.key);
  if (others.reduce((sum, one) => sum + sizeOf(one), sizeOf(kept)) > waiting_bytes_max) return false;
  memory.delete(kept.key);
  await inTime(database.act("readwrite", (store) => store.put(kept))).catch(() => memory.set(kept.key, kept));
  return true;
}

export async function find(key: string): Promise<Kept | undefined> {
  return memory.get(key) ?? inTime(database.act<Kept | undefined>("readonly", (store) => store.get(key))).catch(() => undefined);
}

export async function remove(key: string): Promise<void> {
  memory.delete(key);
  await inTime(database.act("readwrite", (store) => store.delete(key))).catch(() => undefined);
}

/** What a page left behind that ended between keeping the bytes and naming them. Another page may be about to, so that
 * what is younger stays, unless all is to go. */
export async function removeOrphans(isNamed: (key: string) => boolean, age_ms = orphan_ms): Promise<void> {
  for (const { key, at } of await all()) if (!isNamed(key) && Date.now() - at >= age_ms) await remove(key);
}

const addresses = new Map<string, Signal<string>>();

/** The address of a picture of it in this page, for as long as the page lasts; empty while there is none. */
export function addressOf(key: string): string {
  let address = addresses.get(key);
  if (!address) {
    const made = (address = signal(""));
    addresses.set(key, address);
    void find(key).then((kept) => kept && (made.value = URL.createObjectURL(kept.preview ?? kept.file)));
  }
  return address.value;
}

const keys = new Map<string, string>();

/** The gateway has it now, by this id: here it is still known. */
export function named(id: string, key: string): void {
  keys.set(id, key);
}

/** Under which key its bytes were here; undefined: it came from elsewhere, or from an earlier page. */
export function keyOf(id: string): string | undefined {
  return keys.get(id);
}

/** Its bytes are other ones now. */
export function forgetAddress(key: string): void {
  addresses.delete(key);
}
