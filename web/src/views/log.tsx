// The log: scrolls, fills itself in both directions, stays at the bottom when one is there.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";
import { announcement, chat, logShown, open } from "../app";
import { attentive } from "../notify";
import type { Room } from "../room";
import { isText } from "../sender";
import { t } from "../words";
import { Icon } from "./icon";
import { useLater } from "./later";
import { rowsOf } from "./rows";

const near_px = 40;
const ahead_px = 900;
const settle_ms = 700;

function toBottom(room: Room, box: HTMLElement): void {
  if (room.stick && !room.island.value) box.scrollTop = box.scrollHeight;
}

function readAll(room: Room): void {
  if (room.stick && attentive() && logShown.value) chat.seen(room);
}

/** Screen readers hear new messages, not the first load and not what was missed. */
function useQuiet(busy: boolean): boolean {
  const [quiet, set] = useState(true);
  useEffect(() => {
    if (busy) {
      set(true);
      return;
    }
    const timer = setTimeout(() => set(false), settle_ms);
    return () => clearTimeout(timer);
  }, [busy]);
  return quiet || busy;
}

/** Opens at the divider when what is new does not fit, else at the bottom. */
function useOpening(room: Room, box: RefObject<HTMLDivElement>, loaded: boolean): void {
  useLayoutEffect(() => {
    const divider = box.current!.querySelector<HTMLElement>(".unread");
    if (!loaded || !divider) return;
    const below = box.current!.scrollHeight - divider.offsetTop;
    if (below < box.current!.clientHeight) return;
    room.stick = false;
    room.below.value = room.unread.value;
    box.current!.scrollTop = divider.offsetTop - 60;
  }, [loaded]);
}

/** Goes to the row that somebody asked for, and lights it up. */
function useTarget(room: Room, box: RefObject<HTMLDivElement>): void {
  const seq = room.target.value;
  useLayoutEffect(() => {
    const row = seq && box.current!.querySelector<HTMLElement>(`[data-seq="${seq}"]`);
    if (!row) return;
    room.stick = false;
    row.scrollIntoView({ block: "center" });
    row.classList.add("lit");
    row.focus({ preventScroll: true });
    setTimeout(() => row.classList.remove("lit"), 2000);
    room.target.value = 0;
  });
}

function useScroll(room: Room, box: RefObject<HTMLDivElement>) {
  const last = useRef(0);
  useEffect(() => {
    const inner = new ResizeObserver(() => toBottom(room, box.current!));
    inner.observe(box.current!);
    inner.observe(box.current!.firstElementChild!);
    const back = () => {
      if (room.unread.value) room.divider.value = room.read;
      readAll(room);
    };
    addEventListener("focus", back);
    document.addEventListener("visibilitychange", back);
    return () => {
      inner.disconnect();
      removeEventListener("focus", back);
      document.removeEventListener("visibilitychange", back);
    };
  }, [room]);
  return () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    const far = scrollHeight - scrollTop - clientHeight;
    if (far < near_px && !room.island.value) {
      room.stick = true;
      room.below.value = 0;
      readAll(room);
    } else if (scrollTop < last.current - 2) room.stick = false;
    last.current = scrollTop;
    if (scrollTop < ahead_px) void chat.history.more(room, "before");
    if (far < ahead_px) void chat.history.more(room, "after");
  };
}

/** Arrow keys walk through the messages; Enter opens the menu of one. */
function walk(room: Room, event: KeyboardEvent): void {
  const row = (event.target as HTMLElement).closest<HTMLElement>(".row");
  const box = event.currentTarget as HTMLElement;
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const rows = [...box.querySelectorAll<HTMLElement>(".row")];
    const at = row ? rows.indexOf(row) + (event.key === "ArrowUp" ? -1 : 1) : rows.length - 1;
    rows[at]?.focus();
    if (rows[at]) event.preventDefault();
  } else if (event.key === "Enter" && event.target === row && row) {
    event.preventDefault();
    open({ part: "message", room, seq: Number(row.dataset.seq) });
  }
}

function Pill({ room, box }: { room: Room; box: RefObject<HTMLDivElement> }) {
  const below = room.below.value;
  const away = room.island.value !== null;
  if (!below && !away) return null;
  const down = () => {
    room.toNewest();
    requestAnimationFrame(() => box.current && toBottom(room, box.current));
  };
  return (
    <button class="pill" onClick={down}>
      <Icon name="down" />
      {below ? t("pill", { n: below }) : t("toNewest")}
    </button>
  );
}

export function Log({ room }: { room: Room }) {
  const box = useRef<HTMLDivElement>(null);
  const view = room.view.value;
  const me = chat.me.value?.name ?? "";
  const waiting = chat.sender.items.value.filter(
    (item) => item.room === room.name && item.user === me && isText(item),
  );
  const loaded = room.loaded.value;
  const tools = useLater(loaded, () => import("../lazy/toolbar"));
  const quiet = useQuiet(room.loading.value || !room.caughtUp.value || !loaded);
  const scrolled = useScroll(room, box);
  useOpening(room, box, loaded);
  useTarget(room, box);
  const shown = logShown.value;
  useLayoutEffect(() => {
    if (shown && room.unread.peek()) room.divider.value = room.read;
  }, [shown]);
  useLayoutEffect(() => {
    toBottom(room, box.current!);
    readAll(room);
    if (box.current!.scrollTop === 0 && view.before) box.current!.scrollTop = 1;
  });
  const divider = room.divider.value;
  const rows = rowsOf({ room, rows: view.rows, waiting, me, divider, now: Date.now() });
  return (
    <div class="logbox">
      <div
        class="log"
        ref={box}
        role="log"
        aria-label={t("messages")}
        aria-live={quiet ? "off" : "polite"}
        aria-busy={room.loading.value}
        tabIndex={0}
        onScroll={scrolled}
        onKeyDown={(event) => walk(room, event)}
        onContextMenu={(event) => menu(room, event)}
      >
        <ol class={loaded || rows.length ? undefined : "unseen"}>
          {(view.before || !loaded) && (
            <li key="more" class="between muted">
              <span>{chat.link.value.is === "open" || !loaded ? t("loading") : "…"}</span>
            </li>
          )}
          {loaded && !view.before && !rows.length && (
            <li key="empty" class="between empty">
              <span>{t("empty")}</span>
            </li>
          )}
          {rows}
        </ol>
        {tools && <tools.Toolbar room={room} box={box} />}
      </div>
      <Pill room={room} box={box} />
      <p class="hidden" role="status">
        {announcement.value}
      </p>
    </div>
  );
}

/** A long press on a phone and the menu key; a mouse keeps the browser's own menu on text. */
function menu(room: Room, event: MouseEvent): void {
  const row = (event.target as HTMLElement).closest<HTMLElement>(".row");
  const touch = (event as PointerEvent).pointerType === "touch" || event.button !== 2;
  if (!row || row.classList.contains("pending") || !touch) return;
  event.preventDefault();
  open({ part: "message", room, seq: Number(row.dataset.seq) });
}
