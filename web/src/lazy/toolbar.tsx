// The one message toolbar: goes to the row under the mouse; on a phone a long press opens the menu.
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { open } from "../app";
import { startReply } from "../drafts";
import type { Room } from "../room";
import { t } from "../words";
import { Icon } from "../views/icon";
import { react } from "../views/row";

const press_ms = 450;

interface At {
  seq: number;
  top: number;
}

function rowAt(target: EventTarget | null): HTMLElement | null {
  const row = (target as HTMLElement | null)?.closest?.<HTMLElement>(".row:not(.pending)");
  return row ?? null;
}

/** Phones whose long press is not a contextmenu (iOS). */
function useLongPress(room: Room, box: RefObject<HTMLElement>): void {
  useEffect(() => {
    let timer = 0;
    const start = (event: TouchEvent) => {
      const row = rowAt(event.target);
      clearTimeout(timer);
      if (!row || event.touches.length > 1) return;
      timer = window.setTimeout(() => open({ part: "message", room, seq: Number(row.dataset.seq) }), press_ms);
    };
    const stop = () => clearTimeout(timer);
    const log = box.current!;
    log.addEventListener("touchstart", start, { passive: true });
    for (const end of ["touchend", "touchmove", "touchcancel"]) log.addEventListener(end, stop, { passive: true });
    return () => {
      stop();
      log.removeEventListener("touchstart", start);
      for (const end of ["touchend", "touchmove", "touchcancel"]) log.removeEventListener(end, stop);
    };
  }, [room]);
}

function useHover(box: RefObject<HTMLElement>): At | null {
  const [at, set] = useState<At | null>(null);
  useEffect(() => {
    if (!matchMedia("(hover: hover)").matches) return;
    const log = box.current!;
    const over = (event: MouseEvent) => {
      if ((event.target as HTMLElement).closest(".toolbar")) return;
      const row = rowAt(event.target);
      set(row && !row.querySelector(".gone") ? { seq: Number(row.dataset.seq), top: row.offsetTop } : null);
    };
    const out = () => set(null);
    log.addEventListener("mouseover", over);
    log.addEventListener("mouseleave", out);
    return () => {
      log.removeEventListener("mouseover", over);
      log.removeEventListener("mouseleave", out);
    };
  }, []);
  return at;
}

export function Toolbar({ room, box }: { room: Room; box: RefObject<HTMLDivElement> }) {
  useLongPress(room, box);
  const at = useHover(box);
  if (!at) return null;
  const row = () => room.row(at.seq);
  const pick = (emoji: string) => {
    const found = row();
    if (found) react(room, found, emoji);
  };
  return (
    <div class="toolbar" style={{ top: at.top + "px" }}>
      <button class="plain" tabIndex={-1} aria-label="👍" onClick={() => pick("👍")}>
        👍
      </button>
      <button class="plain" tabIndex={-1} aria-label={t("react")} title={t("react")} onClick={() => open({ part: "emoji", pick })}>
        <Icon name="smile" />
      </button>
      <button class="plain" tabIndex={-1} aria-label={t("reply")} title={t("reply")} onClick={() => startReply(room, at.seq)}>
        <Icon name="reply" />
      </button>
      <button class="plain" tabIndex={-1} aria-label={t("more")} title={t("more")} onClick={() => open({ part: "message", room, seq: at.seq })}>
        <Icon name="menu" />
      </button>
    </div>
  );
}
