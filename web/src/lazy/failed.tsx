// "Not sent": why, and what may be done about it.
import { chat } from "../app";
import type { Outgoing } from "../outbox";
import { t, why } from "../words";
import { Icon } from "../views/icon";
import { fileReasons, sizeOf } from "./reasons";

/** Out of a room: told by the page itself. Else what the gateway answered. */
function reason(item: Outgoing): string {
  const { room, failed } = item;
  const { code, message } = failed!;
  if (code === "renamed") return t("saidAs", { name: message });
  if (code === "kicked" || code === "banned" || code === "removed" || code === "left") return t(code, { room: "#" + room });
  if (item.files && code in fileReasons) return t(fileReasons[code]!, { size: sizeOf(chat.limits.value.file_bytes ?? 0) });
  /* What is said here is well formed: only since and log are refused so, when the log has moved on. */
  return code === "bad_request" ? t("unsure") : why(failed!);
}

export function Failed({ item }: { item: Outgoing }) {
  return (
    <span class="mark failed">
      <Icon name="warning" />
      <strong>{t("notSent")}</strong>
      <span>{reason(item)}</span>
      <button class="link" onClick={() => chat.sender.again(item)}>
        {t("again")}
      </button>
      <button class="link" onClick={() => chat.sender.giveUp(item)}>
        {t("delete")}
      </button>
    </span>
  );
}
