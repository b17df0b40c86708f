import "./webcrypto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { LocalShelf, newNonce, openShelves, Shelves, type Outgoing, type Shelf } from "../../web/src/outbox";
import { MemoryShelf } from "./shelf";

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
  ["memory", () => new MemoryShelf()],
  ["localStorage", () => new LocalShelf(new FakeStorage() as unknown as Storage)],
] as const)
  test(`${name} gives back what was put and not what was removed`, async () => {
    const shelf = make();
    await shelf.put(item("a"));
    await shelf.put(item("b"));
    await shelf.put({ ...item("a"), tried: true });
    await shelf.remove("b");
    assert.deepEqual(await shelf.all(), [{ ...item("a"), tried: true }]);
  });

test("without any storage nothing fails", async () => {
  const shelf = new Shelves(openShelves());
  await shelf.put(item("a"));
  await shelf.remove("a");
  assert.deepEqual(await shelf.all(), []);
});

test("what a shelf would not let go is not taken for unsent", async () => {
  const stuck = new MemoryShelf();
  const shelf = new Shelves(Promise.resolve<Shelf[]>([stuck]));
  await shelf.put(item("stuck"));
  stuck.remove = async () => {
    throw new Error("the database has gone");
  };
  await shelf.remove("stuck");
  assert.deepEqual(await shelf.all(), []);
});

test("what the best shelf cannot take goes on the next, and comes back from there", async () => {
  let full = true;
  class Full extends MemoryShelf {
    async put(item: Outgoing) {
      if (full) throw new Error("quota");
      await super.put(item);
    }
  }
  const [best, next] = [new Full(), new MemoryShelf()];
  const shelf = new Shelves(Promise.resolve<Shelf[]>([best, next]));
  await shelf.put(item("a"));
  assert.deepEqual(await shelf.all(), [item("a")]);
  full = false;
  await shelf.put({ ...item("a"), tried: true });
  assert.deepEqual(await shelf.all(), [{ ...item("a"), tried: true }], "on one shelf only");
  assert.equal((await next.all()).length, 0);
  await shelf.remove("a");
  assert.deepEqual(await shelf.all(), []);
});

test("what is put while the shelves are still being opened is there, and what was removed is not", async () => {
  let open = (_: Shelf[]) => {};
  const shelf = new Shelves(new Promise<Shelf[]>((resolve) => (open = resolve)));
  void shelf.put(item("a"));
  void shelf.put(item("b"));
  void shelf.remove("a");
  open([new MemoryShelf()]);
  assert.deepEqual(await shelf.all(), [item("b")]);
});

test("nonces fit the protocol and do not repeat", () => {
  const nonces = new Set(Array.from({ length: 1000 }, newNonce));
  assert.equal(nonces.size, 1000);
  for (const nonce of nonces) assert.match(nonce, /^[a-z0-9]{1,64}$/);
});
