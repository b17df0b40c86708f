import "./webcrypto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { LocalStore, newNonce, openStores, OutboxStores, type Outgoing, type OutboxStore } from "../../web/src/outbox";
import { MemoryStore } from "./memory_store";

class FakeStorage {
  private kept = new Map<string, string>();
  get length() {
    return this.kept.size;
  }
  key(i: number) {
    return [...this.kept.keys()][i] ?? null;
  }
  getItem(key: string) {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.kept.set(key, value);
  }
  removeItem(key: string) {
    this.kept.delete(key);
  }
}

const item = (nonce: string): Outgoing => ({ nonce, user: "mina", room: "lobby", kind: "send", text: "x", at: 1 });

for (const [name, make] of [
  ["memory", () => new MemoryStore()],
  ["localStorage", () => new LocalStore(new FakeStorage() as unknown as Storage)],
] as const)
  test(`${name} gives back what was put and not what was removed`, async () => {
    const store = make();
    await store.put(item("a"));
    await store.put(item("b"));
    await store.put({ ...item("a"), tried: true });
    await store.remove("b");
    assert.deepEqual(await store.all(), [{ ...item("a"), tried: true }]);
  });

test("without any storage nothing fails", async () => {
  const store = new OutboxStores(openStores());
  await store.put(item("a"));
  await store.remove("a");
  assert.deepEqual(await store.all(), []);
});

test("what a store would not let go is not taken for unsent", async () => {
  const stuck = new MemoryStore();
  const store = new OutboxStores(Promise.resolve<OutboxStore[]>([stuck]));
  await store.put(item("stuck"));
  stuck.remove = async () => {
    throw new Error("the database has gone");
  };
  await store.remove("stuck");
  assert.deepEqual(await store.all(), []);
});

test("what the best store cannot take goes on the next, and comes back from there", async () => {
  let full = true;
  class Full extends MemoryStore {
    async put(item: Outgoing) {
      if (full) throw new Error("quota");
      await super.put(item);
    }
  }
  const [best, next] = [new Full(), new MemoryStore()];
  const store = new OutboxStores(Promise.resolve<OutboxStore[]>([best, next]));
  await store.put(item("a"));
  assert.deepEqual(await store.all(), [item("a")]);
  full = false;
  await store.put({ ...item("a"), tried: true });
  assert.deepEqual(await store.all(), [{ ...item("a"), tried: true }], "on one store only");
  assert.equal((await next.all()).length, 0);
  await store.remove("a");
  assert.deepEqual(await store.all(), []);
});

test("what is put while the stores are still being opened is there, and what was removed is not", async () => {
  let open = (_: OutboxStore[]) => {};
  const store = new OutboxStores(new Promise<OutboxStore[]>((resolve) => (open = resolve)));
  void store.put(item("a"));
  void store.put(item("b"));
  void store.remove("a");
  open([new MemoryStore()]);
  assert.deepEqual(await store.all(), [item("b")]);
});

test("what is said is kept before anything is waited for, and comes back once", async () => {
  const storage = new FakeStorage() as unknown as Storage;
  const [best, local] = [new MemoryStore(), new LocalStore(storage)];
  let open = (_: OutboxStore[]) => {};
  globalThis.localStorage = storage;
  try {
    const store = new OutboxStores(new Promise<OutboxStore[]>((resolve) => (open = resolve)));
    void store.put(item("a"));
    assert.deepEqual(await local.all(), [item("a")]);
    await best.put(item("a"));
    open([best, local]);
    assert.deepEqual(await store.all(), [item("a")]);
    assert.deepEqual(await local.all(), []);
  } finally {
    Reflect.deleteProperty(globalThis, "localStorage");
  }
});

test("what two stores have comes back once", async () => {
  const [best, next] = [new MemoryStore(), new MemoryStore()];
  await best.put(item("a"));
  await next.put({ ...item("a"), tried: true });
  const store = new OutboxStores(Promise.resolve<OutboxStore[]>([best, next]));
  assert.deepEqual(await store.all(), [{ ...item("a"), tried: true }]);
});

test("nonces fit the protocol and do not repeat", () => {
  const nonces = new Set(Array.from({ length: 1000 }, newNonce));
  assert.equal(nonces.size, 1000);
  for (const nonce of nonces) assert.match(nonce, /^[a-z0-9]{1,64}$/);
});
