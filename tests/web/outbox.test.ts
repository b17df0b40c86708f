import "./webcrypto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { LocalShelf, MemoryShelf, newNonce, openShelf, type Outgoing } from "../../web/src/outbox";

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

test("without any storage there is still a shelf", async () => {
  const shelf = await openShelf();
  await shelf.put(item("a"));
  assert.equal((await shelf.all()).length, 1);
});

test("nonces fit the protocol and do not repeat", () => {
  const nonces = new Set(Array.from({ length: 1000 }, newNonce));
  assert.equal(nonces.size, 1000);
  for (const nonce of nonces) assert.match(nonce, /^[a-z0-9]{1,64}$/);
});
