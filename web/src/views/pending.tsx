// What has been said and is not yet known to be stored: queued, sending, not sent.
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import type { Row } from "../log";
import type { Outgoing } from "../outbox";
import { t } from "../words";
import { Icon } from "./icon";
import { useLater } from "./later";

const unmarked_ms = 400;

function made(item: Outgoing): Row {
  return {
    kind: "message",
    seq: item.at,
    ts: item.at,
    from: item.user,
    uid: chat.me.peek()?.uid,
    text: item.text ?? "",
    nonce: item.nonce,
    reply: item.reply_to,
    files: item.files,
    reactions: [],
  };
}

/** Rows are compared by identity, so each item keeps its row. */
const rows = new WeakMap<Outgoing, Row>();

export function keptRow(item: Outgoing): Row {
  let row = rows.get(item);
  if (!row) rows.set(item, (row = made(item)));
  return row;
}

export function Mark({ item }: { item: Outgoing }) {
  const [late, setLate] = useState(false);
  const failed = useLater(item.failed !== undefined, () => import("../lazy/failed"));
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), unmarked_ms);
    return () => clearTimeout(timer);
  }, []);
  if (item.failed) return failed ? <failed.Failed item={item} /> : <span class="mark">{t("notSent")}</span>;
  const offline = chat.link.value.is !== "open";
  if (!late && !offline) return <span class="mark" />;
  return (
    <span class="mark muted">
      <Icon name="clock" />
      {offline ? t("waiting") : t("sending")}
    </span>
  );
}
