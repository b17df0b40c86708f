// What has been said and is not yet known to be stored. Kept where it survives a reload; only an
// ack, or finding it in the log, takes an item out.

export interface Outgoing {
  nonce: string;
  /** Who said it: a queue is never sent under another name. */
  user: string;
  room: string;
  kind: "send" | "edit" | "delete" | "react" | "direct";
  text?: string;
  reply_to?: number;
  target?: number;
  emoji?: string;
  on?: boolean;
  to?: string;
  at: number;
  /** Where the room's log stood at the first attempt, to look for it after a reload. */
  after?: number;
  log?: string;
  tried?: boolean;
  failed?: { code: string; message: string };
}

export interface Shelf {
  all(): Promise<Outgoing[]>;
  put(item: Outgoing): Promise<void>;
  remove(nonce: string): Promise<void>;
}

export class MemoryShelf implements Shelf {
  private items = new Map<string, Outgoing>();
  async all() {
    return [...this.items.values()];
  }
  async put(item: Outgoing) {
    this.items.set(item.nonce, item);
  }
  async remove(nonce: string) {
    this.items.delete(nonce);
  }
}

const prefix = "hearth.out.";

export class LocalShelf implements Shelf {
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
    this.storage.setItem(prefix + item.nonce, JSON.stringify(item));
  }
  async remove(nonce: string) {
    this.storage.removeItem(prefix + nonce);
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class DatabaseShelf implements Shelf {
  private constructor(private readonly database: IDBDatabase) {}

  static async open(): Promise<DatabaseShelf> {
    const request = indexedDB.open("hearth", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "nonce" });
    return new DatabaseShelf(await done(request));
  }
  private shelf(mode: IDBTransactionMode) {
    return this.database.transaction("outbox", mode).objectStore("outbox");
  }
  async all() {
    return done(this.shelf("readonly").getAll() as IDBRequest<Outgoing[]>);
  }
  async put(item: Outgoing) {
    await done(this.shelf("readwrite").put(item));
  }
  async remove(nonce: string) {
    await done(this.shelf("readwrite").delete(nonce));
  }
}

/** Several shelves, the best first: what one cannot take (full, or broken) goes on the next. They may
 * still be being opened. One thing after another, so that what is put is there to be removed. */
export class Shelves implements Shelf {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly shelves: Promise<readonly Shelf[]>) {}

  private next<Value>(act: (shelves: readonly Shelf[]) => Promise<Value>): Promise<Value> {
    const turn = this.last.then(async () => act(await this.shelves));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  all() {
    return this.next(async (shelves) => {
      const found = await Promise.all(shelves.map((shelf) => shelf.all().catch(() => [])));
      return found.flat();
    });
  }

  put(item: Outgoing) {
    return this.next(async (shelves) => {
      let kept = false;
      for (const shelf of shelves) {
        if (!kept) kept = await shelf.put(item).then(() => true, () => false);
        else await shelf.remove(item.nonce).catch(() => undefined);
      }
    });
  }

  remove(nonce: string) {
    return this.next(async (shelves) => {
      for (const shelf of shelves) await shelf.remove(nonce).catch(() => undefined);
    });
  }
}

const patience_ms = 2000;

/** Some browsers never answer a question about their database: then it is as if there were none. */
function inTime<Value>(question: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    setTimeout(reject, patience_ms);
    question.then(resolve, reject);
  });
}

/** The shelves this browser has: none but memory in private windows and captive browsers. */
export async function openShelves(): Promise<readonly Shelf[]> {
  const shelves: Shelf[] = [];
  try {
    const shelf = await inTime(DatabaseShelf.open());
    await inTime(shelf.all());
    shelves.push(shelf);
  } catch {
    /* the next one will do */
  }
  try {
    localStorage.setItem(prefix, "");
    localStorage.removeItem(prefix);
    shelves.push(new LocalShelf(localStorage));
  } catch {
    /* the next one will do */
  }
  return [...shelves, new MemoryShelf()];
}

/** A nonce nobody else will think of; works without crypto.randomUUID (plain HTTP). */
export function newNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(36).padStart(2, "0")).join("");
}
