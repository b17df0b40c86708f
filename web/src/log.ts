// What a page knows of a room's log: rows in order of seq, edits and reactions applied. Pure: every
// function gives a new list and leaves the old one alone, so a view can compare by identity.
import type { FileLine } from "./files";
import type { Entry, HistoryLine, ReactionLine } from "./wire";

export interface Row {
  kind: "message" | "topic" | "gap";
  seq: number;
  ts: number;
  from: string;
  /** Who it was, whatever the name; of a bridge, who brought it. */
  uid?: string;
  text: string;
  nonce?: string;
  reply?: number;
  files?: readonly FileLine[];
  edited?: boolean;
  deleted?: boolean;
  removedBy?: string;
  via?: string;
  unset?: boolean;
  reactions: readonly ReactionLine[];
}

/** A contiguous range of the log; before and after say whether there is more on that side. */
export interface LogRange {
  rows: readonly Row[];
  before: boolean;
  after: boolean;
}

export const empty: LogRange = { rows: [], before: false, after: false };
const none: readonly ReactionLine[] = [];

export function rowOfLine(line: HistoryLine): Row {
  return {
    kind: line.type === "topic" ? "topic" : "message",
    seq: line.seq,
    ts: line.ts,
    from: line.from,
    uid: line.uid,
    text: line.text ?? "",
    nonce: line.nonce,
    reply: line.reply_to,
    files: line.files,
    edited: line.edited !== undefined,
    deleted: line.deleted,
    via: line.via,
    unset: line.clock === "unset",
    reactions: line.reactions ?? none,
  };
}

function rowOfEntry(entry: Entry): Row | null {
  if (entry.type !== "message" && entry.type !== "topic") return null;
  return rowOfLine(entry as HistoryLine);
}

export function gapRow(seq: number, ts: number): Row {
  return { kind: "gap", seq: seq + 0.5, ts, from: "", text: "", reactions: none };
}

/** Where seq is, or would be. */
export function place(rows: readonly Row[], seq: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function find(rows: readonly Row[], seq: number): Row | undefined {
  const row = rows[place(rows, seq)];
  return row?.seq === seq ? row : undefined;
}

/** Puts a row where it belongs; a row that is there already is replaced. */
export function insert(rows: readonly Row[], row: Row): readonly Row[] {
  const last = rows[rows.length - 1];
  if (!last || last.seq < row.seq) return [...rows, row];
  const at = place(rows, row.seq);
  const again = rows[at]?.seq === row.seq ? 1 : 0;
  return [...rows.slice(0, at), row, ...rows.slice(at + again)];
}

export function merge(rows: readonly Row[], more: readonly Row[]): readonly Row[] {
  if (!more.length) return rows;
  if (!rows.length) return more;
  if (more[more.length - 1]!.seq < rows[0]!.seq) return [...more, ...rows];
  if (rows[rows.length - 1]!.seq < more[0]!.seq) return [...rows, ...more];
  return more.reduce(insert, rows);
}

function change(rows: readonly Row[], seq: number, how: (row: Row) => Row): readonly Row[] {
  const at = place(rows, seq);
  const row = rows[at];
  if (row?.seq !== seq) return rows;
  const changed = rows.slice();
  changed[at] = how(row);
  return changed;
}

export function react(
  reactions: readonly ReactionLine[],
  emoji: string,
  name: string,
  on: boolean,
  me = "",
): readonly ReactionLine[] {
  const line = reactions.find((one) => one.emoji === emoji);
  const has = line?.names.includes(name) ?? false;
  /* Not every name is told of a long list. */
  const untold = !on && name !== me && line && line.count > line.names.length;
  if (has === on && !untold) return reactions;
  if (!line) return [...reactions, { emoji, names: [name], count: 1 }];
  const names = on ? [...line.names, name] : line.names.filter((one) => one !== name);
  const count = line.count + (on ? 1 : -1);
  return reactions.flatMap((one) => (one !== line ? [one] : count > 0 ? [{ emoji, names, count }] : []));
}

/** The rows after one entry of the log, as me sees it: one's own changes are shown before they are told.
 * Reactions have the names of now, whatever mine was made under. */
export function apply(rows: readonly Row[], entry: Entry, me = "", mine = false): readonly Row[] {
  switch (entry.type) {
    case "edit":
      return change(rows, entry.target, (row) =>
        row.deleted || entry.text === undefined ? row : { ...row, text: entry.text, edited: true },
      );
    case "delete":
      return change(rows, entry.target, (row) => ({
        ...row,
        text: "",
        files: undefined,
        deleted: true,
        removedBy: (entry.uid && row.uid ? entry.uid === row.uid : entry.from === row.from) ? undefined : entry.from,
        reactions: none,
      }));
    case "reaction":
      return change(rows, entry.target, (row) => ({
        ...row,
        reactions: react(row.reactions, entry.emoji, mine ? me : entry.from, entry.on, me),
      }));
    default:
      return insert(rows, rowOfEntry(entry)!);
  }
}

/** Keeps the newest so many rows. */
export function keepNewest(range: LogRange, count: number): LogRange {
  if (range.rows.length <= count) return range;
  return { ...range, rows: range.rows.slice(-count), before: true };
}

/** Keeps the oldest so many rows. */
export function keepOldest(range: LogRange, count: number): LogRange {
  if (range.rows.length <= count) return range;
  return { ...range, rows: range.rows.slice(0, count), after: true };
}
