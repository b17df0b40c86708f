// A room's whole history as a text file, page by page.
import { chat } from "../app";
import type { Room } from "../room";
import type { HistoryLine } from "../wire";

const page_rows = 200;
const pause_ms = 250;

/** As the reader's clock shows it, with its distance from UTC. */
function local(ts: number): string {
  const offset = -new Date(ts).getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${String(Math.trunc(Math.abs(offset) / 60)).padStart(2, "0")}:${String(Math.abs(offset) % 60).padStart(2, "0")}`;
  return new Date(ts + offset * 60000).toISOString().slice(0, 19).replace("T", " ") + zone;
}

function line(message: HistoryLine): string {
  const when = message.clock === "unset" ? "????-??-?? ??:??:??" : local(message.ts);
  const names = (message.files ?? []).map(({ name }) => `[${name}]`);
  const text = message.deleted ? "—" : [message.text, ...names].filter(Boolean).join(" ");
  const sign = message.type === "topic" ? " * " : "";
  return `${when}  ${sign}${message.from}: ${text.replaceAll("\n", "\n    ")}`;
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

export async function exportRoom(room: Room, tell: (count: number) => void): Promise<void> {
  const lines: string[] = [];
  let after = 0;
  for (;;) {
    const page = await chat.history.page(room, { after, limit: page_rows });
    lines.push(...page.messages.map(line));
    tell(lines.length);
    const last = page.messages[page.messages.length - 1];
    if (!page.more || !last) break;
    after = last.seq;
    await new Promise((resolve) => setTimeout(resolve, pause_ms));
  }
  save(`${room.title}.txt`, lines.join("\n") + "\n");
}
