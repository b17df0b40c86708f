// A shelf that lasts as long as a test.
import type { Outgoing, Shelf } from "../../web/src/outbox";

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
