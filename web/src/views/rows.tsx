// The rows of a range, with days, the unread divider and gaps between them.
import type { ComponentChild, VNode } from "preact";
import { day, dayOf } from "../dates";
import type { Row } from "../log";
import type { Outgoing } from "../outbox";
import type { Room } from "../room";
import { t } from "../words";
import { keptRow, Mark } from "./pending";
import { MessageRow } from "./row";

const grouped_ms = 5 * 60000;
const grouped_max = 20;

function follows(row: Row, before: Row | undefined, count: number): boolean {
  return (
    before?.kind === "message" &&
    count < grouped_max &&
    before.from === row.from &&
    before.uid === row.uid &&
    before.via === row.via &&
    row.ts - before.ts < grouped_ms &&
    !row.reply
  );
}

function Between({ text, kind, seq }: { text: string; kind: string; seq?: number }) {
  return (
    <li class={"between " + kind} data-seq={seq} tabIndex={-1}>
      <span>{text}</span>
    </li>
  );
}

function special(row: Row): VNode | null {
  if (row.kind === "gap") return <Between key={row.seq} kind="gap" text={t("gap")} />;
  if (row.kind !== "topic") return null;
  return <Between key={row.seq} kind="topic" seq={row.seq} text={t("topicSet", { name: row.from, text: row.text })} />;
}

/** 0 while the board did not know the time. */
function dayKey(row: Row): number {
  return row.unset ? 0 : dayOf(row.ts);
}

interface Shown {
  room: Room;
  rows: readonly Row[];
  waiting: readonly Outgoing[];
  divider: number;
  now: number;
}

/** Everything in order. Keys keep a message's element from "sending" to "sent". */
export function rowsOf({ room, rows, waiting, divider, now }: Shown): ComponentChild[] {
  const nodes: ComponentChild[] = [];
  const stored = new Map(waiting.map((item) => [item.nonce, item]));
  let before: Row | undefined;
  let grouped = 0;
  let today = 0;
  let divided = divider < 0;
  const draw = (row: Row, pending?: Outgoing) => {
    const itsDay = dayKey(row);
    if (itsDay && itsDay !== today) {
      today = itsDay;
      nodes.push(<Between key={"day" + itsDay} kind="day" text={day(row.ts, now)} />);
      before = undefined;
    }
    if (!divided && row.seq > divider && !room.mine(row)) {
      divided = true;
      before = undefined;
      nodes.push(<Between key="divider" kind="unread" text={t("newMessages")} />);
    }
    const key = row.nonce && room.mine(row) ? row.nonce : row.seq;
    const first = !follows(row, before, grouped);
    grouped = first ? 1 : grouped + 1;
    nodes.push(
      special(row) ?? (
        <MessageRow
          key={key}
          room={room}
          row={row}
          first={first}
          quoted={row.reply ? room.original(row.reply) : undefined}
          met={row.text.includes("@") ? room.met.value : 0}
          pending={pending && mark(pending)}
        />
      ),
    );
    before = row;
  };
  for (const row of rows) {
    const pending = row.nonce && room.mine(row) ? stored.get(row.nonce) : undefined;
    if (pending) stored.delete(row.nonce!);
    draw(row, pending);
  }
  divided = true;
  if (!room.detached.value) for (const item of stored.values()) draw(keptRow(item), item);
  return nodes;
}

const marks = new WeakMap<Outgoing, VNode>();

function mark(item: Outgoing): VNode {
  let node = marks.get(item);
  if (!node) marks.set(item, (node = <Mark item={item} />));
  return node;
}
