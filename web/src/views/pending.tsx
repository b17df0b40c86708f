// What has been said and is not yet known to be stored: queued, sending, not sent.
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import type { Row } from "../log";
import type { Outgoing } from "../outbox";
import { t, why } from "../words";
import { Icon } from "./icon";

const unmarked_ms = 400;

export function rowOf(item: Outgoing): Row {
  return {
    kind: "message",
    seq: item.at,
    ts: item.at,
    from: item.user,
    text: item.text ?? "",
    nonce: item.nonce,
    reply: item.reply_to,
    reactions: [],
  };
}

/** Rows are compared by identity, so each item keeps its row. */
const rows = new WeakMap<Outgoing, Row>();

export function keptRow(item: Outgoing): Row {
  let row = rows.get(item);
  if (!row) rows.set(item, (row = rowOf(item)));
  return row;
}

export function Mark({ item }: { item: Outgoing }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), unmarked_ms);
    return () => clearTimeout(timer);
  }, []);
  if (item.failed) return <Failed item={item} />;
  const offline = chat.link.value.is !== "open";
  if (!late && !offline) return <span class="mark" />;
  return (
    <span class="mark muted">
      <Icon name="clock" />
      {offline ? t("waiting") : t("sending")}
    </span>
  );
}

/** Out of a room: told by the page itself. Else what the gateway answered. */
function reason({ room, failed }: Outgoing): string {
  const { code, message } = failed!;
  if (code === "renamed") return t("saidAs", { name: message });
  if (code === "kicked" || code === "banned" || code === "removed" || code === "left") return t(code, { room: "#" + room });
  return why(failed!);
}

function Failed({ item }: { item: Outgoing }) {
  return (
    <span class="mark failed">
      <Icon name="warning" />
      <strong>{t("notSent")}</strong>
      <span class="why">{reason(item)}</span>
      <button class="link" onClick={() => chat.sender.again(item)}>
        {t("again")}
      </button>
      <button class="link" onClick={() => chat.sender.giveUp(item)}>
        {t("delete")}
      </button>
    </span>
  );
}
