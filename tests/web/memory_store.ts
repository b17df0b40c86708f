// A store that lasts as long as a test.
import type { Outgoing, OutboxStore } from "../../web/src/outbox";

export class MemoryStore implements OutboxStore {
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
