// A room's history as a text file, page by page: all of it, or one day.
import { useState } from "preact/hooks";
import { chat } from "../app";
import type { Room } from "../room";
import { Refused, type HistoryLine } from "../wire";
import { t } from "../words";
import { seqAt } from "./past";
import { fields, Item, Title, useRequest, Wrong } from "./sheet";

const page_rows = 200;
const pause_ms = 250;

const offsetOf = (ts: number) => -new Date(ts).getTimezoneOffset();

/** How far the reader's clock was from UTC then: +09:00. */
function zoneOf(ts: number): string {
  const minutes = Math.abs(offsetOf(ts));
  const two = (n: number) => String(n).padStart(2, "0");
  return `${offsetOf(ts) < 0 ? "-" : "+"}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
}

/** As the reader's clock shows it, with its distance from UTC. */
function local(ts: number): string {
  return new Date(ts + offsetOf(ts) * 60000).toISOString().slice(0, 19).replace("T", " ") + zoneOf(ts);
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

/** The day "2026-11-29" as the reader's clock counts it: where it begins and ends, which on days when clocks
 * are changed are not 24 hours apart. */
function rangeOf(day: string): [start: number, end: number] {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return [new Date(year, month - 1, date).getTime(), new Date(year, month - 1, date + 1).getTime()];
}

/** All of it, or what was said on one day. Gives how many messages that were; a file is made of one or more. */
async function exportRoom(room: Room, day: string, tell: (count: number) => void): Promise<number> {
  const lines: string[] = [];
  const [start, end] = day ? rangeOf(day) : [0, Infinity];
  const first = day ? await seqAt(chat, room, start) : 1;
  for (let after = first === null ? -1 : first - 1; after >= 0; ) {
    const page = await chat.history.page(room, { after, limit: page_rows });
    const wanted = page.messages.filter(({ ts }) => ts < end);
    lines.push(...wanted.map(line));
    tell(lines.length);
    const last = page.messages[page.messages.length - 1];
    if (!page.more || !last || wanted.length < page.messages.length) break;
    after = last.seq;
    await new Promise((resolve) => setTimeout(resolve, pause_ms));
  }
  if (lines.length) save([room.title, day].filter(Boolean).join(" ") + ".txt", lines.join("\n") + "\n");
  return lines.length;
}

/** Today, as a date field has it. */
const today = () => local(Date.now()).slice(0, 10);

export function SaveAsText({ room }: { room: Room }) {
  const [saving, tell] = useState<number | null>(null);
  const { wrong, run } = useRequest();
  const save = (day: string) => {
    tell(0);
    run(async () => {
      const count = await exportRoom(room, day, tell).finally(() => tell(null));
      if (!count) throw new Refused("nothing", t("noResults"));
    });
  };
  const saveDay = (event: Event) => save(fields(event)("day"));
  return (
    <>
      <Title text={t("exportRoom")} />
      <form onSubmit={saveDay}>
        <label>
          {t("oneDay", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}
          <span class="row-of">
            <input name="day" type="date" required defaultValue={today()} max={today()} />
            <button class="main" disabled={saving !== null}>
              {t("save")}
            </button>
          </span>
        </label>
      </form>
      <ul>
        <Item text={t("exportAll")} act={() => saving === null && save("")} />
      </ul>
      <p role="status">{saving !== null && t("exporting", { n: saving })}</p>
      <Wrong text={wrong} />
    </>
  );
}
