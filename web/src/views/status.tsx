// What is the matter, in words: no connection, put out of a room, told something.
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import { t } from "../words";
import { useLater } from "./later";

/** Draws again each second while on. */
export function useSeconds(on: boolean): void {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => tick((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, [on]);
}

/** A short loss that mends itself is not worth a word. */
function useLasting(on: boolean, ms: number): boolean {
  const [lasting, set] = useState(false);
  useEffect(() => {
    if (!on) {
      set(false);
      return;
    }
    const timer = setTimeout(() => set(true), ms);
    return () => clearTimeout(timer);
  }, [on, ms]);
  return on && lasting;
}

function Lost() {
  const link = chat.link.value;
  useSeconds(true);
  const left = link.is === "waiting" ? Math.max(1, Math.ceil((link.until - chat.clock.now()) / 1000)) : 0;
  return (
    <div class="bar">
      <p>
        {t("lost")} <span aria-hidden="true">{left ? t("lostIn", { n: left }) : t("lostNow")} </span>
        {t("lostKept")}
      </p>
      <button onClick={() => chat.connection.retryNow()}>{t("retry")}</button>
    </div>
  );
}

/** At most one bar: first what is the matter with the connection, then what was said last. */
export function Status() {
  const connecting = useLasting(!chat.welcomed.value, 600);
  const lost = useLasting(chat.link.value.is !== "open" && chat.welcomed.value, 900);
  const notices = chat.notices.value;
  const notice = notices[notices.length - 1];
  const said = notice || chat.outdated.value;
  const later = useLater(said, () => import("../lazy/bar"));
  const bar = lost ? <Lost /> : connecting ? <div class="bar over">{t("connecting")}</div> : later && said ? <later.Bar notice={notice} /> : null;
  return <div role="status">{bar}</div>;
}

const fair_ms = 800;

export function linkState(): "Good" | "Weak" | "Lost" {
  if (chat.link.value.is !== "open") return "Lost";
  return chat.roundTrip.value > fair_ms ? "Weak" : "Good";
}
