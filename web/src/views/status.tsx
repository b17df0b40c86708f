// What is the matter, in words: no connection, put out of a room, told something.
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import type { Notice } from "../chat";
import { t, why } from "../words";
import { Icon } from "./icon";

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

function words(notice: Notice): string {
  if (notice.key === "text") return notice.text!;
  const room = notice.room!.startsWith("@") ? notice.room! : "#" + notice.room;
  if (notice.error) return t("refused", { room, text: why(notice.error) });
  const text = t(notice.key, { room });
  return notice.text ? `${text} ${t("because", { text: notice.text })}` : text;
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

function Said({ notice }: { notice: Notice }) {
  return (
    <div class="bar">
      <p>{words(notice)}</p>
      {notice.act && <button onClick={notice.act.does}>{t(notice.act.words)}</button>}
      <button class="plain" aria-label={t("dismiss")} onClick={() => chat.hush(notice)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** Nothing is lost by it: what is written and what waits is kept. */
function Outdated() {
  return (
    <div class="bar">
      <p>{t("newVersion")}</p>
      <button onClick={() => location.reload()}>{t("reload")}</button>
    </div>
  );
}

/** At most one bar: first what is the matter with the connection, then what was said last. */
export function Status() {
  const connecting = useLasting(!chat.welcomed.value, 600);
  const lost = useLasting(chat.link.value.is !== "open" && chat.welcomed.value, 900);
  const notices = chat.notices.value;
  const notice = notices[notices.length - 1];
  const bar = lost ? <Lost /> : connecting ? <div class="bar">{t("connecting")}</div> : notice ? <Said notice={notice} /> : chat.outdated.value ? <Outdated /> : null;
  return <div role="status">{bar}</div>;
}

const fair_ms = 800;

export function linkState(): "Good" | "Weak" | "Lost" {
  if (chat.link.value.is !== "open") return "Lost";
  return chat.roundTrip.value > fair_ms ? "Weak" : "Good";
}
