// The one message toolbar: goes to the row under the mouse.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { open } from "../app";
import type { Room } from "../room";
import { t } from "../words";
import { Icon } from "../views/icon";
import { react } from "../views/row";
import { rowAt, useListeners, useKeyboard } from "./keyboard";
import { startReply } from "./reply";

function useHover(room: Room, box: RefObject<HTMLElement>): HTMLElement | null {
  const [at, set] = useState<HTMLElement | null>(null);
  useListeners(box, room, () => ({
    mouseover: ({ target }: MouseEvent) => {
      if (!matchMedia("(hover: hover)").matches || (target as HTMLElement).closest(".toolbar")) return;
      const row = rowAt(target);
      set(row?.querySelector(".gone") ? null : row);
    },
    mouseleave: () => set(null),
  }));
  return at;
}

export function Toolbar({ room, box }: { room: Room; box: RefObject<HTMLDivElement> }) {
  useKeyboard(room, box);
  const at = useHover(room, box);
  const bar = useRef<HTMLDivElement>(null);
  /* Its row may have moved since. */
  useLayoutEffect(() => {
    if (at && bar.current) bar.current.style.top = at.offsetTop + "px";
  });
  if (!at?.isConnected) return null;
  const seq = Number(at.dataset.seq);
  const pick = (emoji: string) => {
    const row = room.row(seq);
    if (row) react(room, row, emoji);
  };
  return (
    <div class="toolbar" ref={bar}>
      <button class="plain" tabIndex={-1} aria-label="👍" onClick={() => pick("👍")}>
        👍
      </button>
      <button class="plain" tabIndex={-1} aria-label={t("react")} title={t("react")} onClick={() => open({ part: "emoji", pick })}>
        <Icon name="smile" />
      </button>
      <button class="plain" tabIndex={-1} aria-label={t("reply")} title={t("reply")} onClick={() => startReply(room, seq)}>
        <Icon name="reply" />
      </button>
      <button class="plain" tabIndex={-1} aria-label={t("more")} title={t("more")} onClick={() => open({ part: "message", room, seq })}>
        <Icon name="menu" />
      </button>
    </div>
  );
}
