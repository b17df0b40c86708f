// What has been said and is not yet known to be stored. Kept where it survives a reload; only an
// ack, or finding it in the log, takes an item out.

import type { OwnFile } from "./files";
import { recall, remember } from "./memory";

export interface Outgoing {
  nonce: string;
  /** Who said it: a queue is never sent under another name. */
  user: string;
  room: string;
  kind: "send" | "edit" | "delete" | "react" | "direct";
  text?: string;
  reply_to?: number;
  files?: readonly OwnFile[];
  target?: number;
  emoji?: string;
  on?: boolean;
  to?: string;
  at: number;
  /** Where the room's log stood at the first attempt: from there on it is looked for. */
  after?: number;
  log?: string;
  tried?: boolean;
  failed?: { code: string; message: string };
}

export interface OutboxStore {
  all(): Promise<Outgoing[]>;
  put(item: Outgoing): Promise<void>;
  remove(nonce: string): Promise<void>;
}

const prefix = "hearth.out.";

function write(storage: Storage, item: Outgoing): void {
  storage.setItem(prefix + item.nonce, JSON.stringify(item));
}

export class LocalStore implements OutboxStore {
  constructor(private readonly storage: Storage) {}
  async all() {
    const found: Outgoing[] = [];
    for (let i = 0; i < this.storage.length; i++) {
      const key = this.storage.key(i)!;
      if (key.startsWith(prefix)) found.push(JSON.parse(this.storage.getItem(key)!));
    }
    return found;
  }
  async put(item: Outgoing) {
    write(this.storage, item);
  }
  async remove(nonce: string) {
    this.storage.removeItem(prefix + nonce);
  }
}

/** A database of this browser with one table in it. */
export class Database {
  constructor(
    private readonly name: string,
    private readonly key: string,
  ) {}

  private opened(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: this.key });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  /** Opened for each act: phones that sleep close what was open. Done when it is committed. */
  async act<Value>(mode: IDBTransactionMode, how: (store: IDBObjectStore) => IDBRequest<Value>): Promise<Value> {
    const database = await this.opened();
    try {
      return await new Promise<Value>((resolve, reject) => {
        const transaction = database.transaction("outbox", mode);
        const request = how(transaction.objectStore("outbox"));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  }
}

class DatabaseStore implements OutboxStore {
  private readonly database = new Database("hearth", "nonce");
  all() {
    return this.database.act<Outgoing[]>("readonly", (store) => store.getAll());
  }
  async put(item: Outgoing) {
    await this.database.act("readwrite", (store) => store.put(item));
  }
  async remove(nonce: string) {
    await this.database.act("readwrite", (store) => store.delete(nonce));
  }
}

/** A database takes a moment, in which a page may be closed: until it has it, what was said is here. */
function keepAtOnce(item: Outgoing): void {
  try {
    write(localStorage, item);
  } catch {
    /* full, or forbidden: then it is safe that moment later */
  }
}

const gone_max = 100;

/** What a store would not give back must not be taken for unsent. */
function noteGone(nonce: string): void {
  remember("gone", [...recall<string[]>("gone", []), nonce].slice(-gone_max));
}

/** Several stores, the best first: what one cannot take (full, or broken) goes on the next. They may
 * still be being opened. One thing after another, so that what is put is there to be removed. */
export class OutboxStores implements OutboxStore {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly stores: Promise<readonly OutboxStore[]>) {}

  private next<Value>(act: (stores: readonly OutboxStore[]) => Promise<Value>): Promise<Value> {
    const turn = this.last.then(async () => act(await this.stores));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  all() {
    return this.next(async (stores) => {
      const found = await Promise.all(stores.map((store) => store.all().catch(() => [])));
      const gone = recall<string[]>("gone", []);
      const items = new Map(found.flat().map((item) => [item.nonce, item]));
      return [...items.values()].filter((item) => !gone.includes(item.nonce));
    });
  }

  put(item: Outgoing) {
    keepAtOnce(item);
    return this.next(async (stores) => {
      let kept = false;
      for (const store of stores) {
        if (!kept) kept = await store.put(item).then(() => true, () => false);
        else await store.remove(item.nonce).catch(() => undefined);
      }
    });
  }

  remove(nonce: string) {
    return this.next(async (stores) => {
      for (const store of stores) await store.remove(nonce).catch(() => noteGone(nonce));
    });
  }
}

const patience_ms = 2000;

/** Some browsers never answer a question about their database: then it is as if there were none. */
export function inTime<Value>(question: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    setTimeout(reject, patience_ms);
    question.then(resolve, reject);
  });
}

/** The stores this browser has: none in some private windows and captive browsers. What waits is then
 * kept as long as the page. */
export async function openStores(): Promise<readonly OutboxStore[]> {
  const stores: OutboxStore[] = [];
  try {
    const store = new DatabaseStore();
    await inTime(store.all());
    stores.push(store);
  } catch {
    /* the next one will do */
  }
  try {
    localStorage.setItem(prefix, "");
    localStorage.removeItem(prefix);
    stores.push(new LocalStore(localStorage));
  } catch {
    /* the next one will do */
  }
  return stores;
}

/** A nonce nobody else will think of; works without crypto.randomUUID (plain HTTP). */
export function newNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(36).padStart(2, "0")).join("");
}
