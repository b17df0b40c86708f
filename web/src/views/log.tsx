// The log: scrolls, fills itself in both directions, stays at the bottom when one is there.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";
import { announcement, chat, logShown } from "../app";
import { attentive } from "../notify";
import type { Room } from "../room";
import { isText } from "../sender";
import { t } from "../words";
import { Anchor } from "./anchor";
import { Hearth } from "./hearth";
import { Icon } from "./icon";
import { useLater } from "./later";
import { rowsOf } from "./rows";

const near_px = 40;
const ahead_px = 900;
const settle_ms = 700;

/** Where one is stays in sight: the bottom, or what one reads. */
function keepPlace(room: Room, box: HTMLElement, anchor: Anchor): void {
  if (room.stick && !room.detached.value) box.scrollTop = box.scrollHeight;
  else anchor.hold(box);
}

/** The past, and what follows, are fetched before they come in sight. */
function fillAround(room: Room, box: HTMLElement): void {
  const { scrollTop, scrollHeight, clientHeight } = box;
  if (scrollTop < ahead_px) void chat.history.more(room, "before");
  if (scrollHeight - scrollTop - clientHeight < ahead_px) void chat.history.more(room, "after");
}

function readAll(room: Room): void {
  if (room.stick && attentive() && logShown.value) chat.reading.seen(room);
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
function useOpening(room: Room, box: RefObject<HTMLDivElement>, anchor: Anchor, loaded: boolean): void {
  useLayoutEffect(() => {
    const divider = box.current!.querySelector<HTMLElement>(".unread");
    if (!loaded || !divider) return;
    const below = box.current!.scrollHeight - divider.offsetTop;
    if (below < box.current!.clientHeight) return;
    room.stick = false;
    room.below.value = room.unread.value;
    box.current!.scrollTop = divider.offsetTop - 60;
    anchor.at(divider);
  }, [loaded]);
}

/** Goes to the row that somebody asked for, and lights it up. */
function useTarget(room: Room, box: RefObject<HTMLDivElement>, anchor: Anchor): void {
  const seq = room.target.value;
  useLayoutEffect(() => {
    const row = seq && box.current!.querySelector<HTMLElement>(`[data-seq="${seq}"]`);
    if (!row) return;
    room.stick = false;
    row.classList.add("lit"); /* first: it has all rows be as tall as they are (row.css) */
    row.scrollIntoView({ block: "center" });
    anchor.at(row);
    row.focus({ preventScroll: true });
    setTimeout(() => row.classList.remove("lit"), 2000);
    room.target.value = 0;
  });
}

function useScroll(room: Room, box: RefObject<HTMLDivElement>, anchor: Anchor) {
  const last = useRef(0);
  useEffect(() => {
    const inner = new ResizeObserver(() => keepPlace(room, box.current!, anchor));
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
    /* Rows may have turned out taller since. */
    if (!room.stick) anchor.hold(box.current!);
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    const far = scrollHeight - scrollTop - clientHeight;
    if (far < near_px && !room.detached.value) {
      room.stick = true;
      room.below.value = 0;
      readAll(room);
    } else if (scrollTop < last.current) room.stick = false;
    last.current = scrollTop;
    anchor.mark(box.current!);
    fillAround(room, box.current!);
  };
}

function Pill({ room, box }: { room: Room; box: RefObject<HTMLDivElement> }) {
  const below = room.below.value;
  const away = room.detached.value !== null;
  if (!below && !away) return null;
  const down = () => {
    room.toNewest();
    requestAnimationFrame(() => box.current?.scrollTo(0, box.current.scrollHeight));
  };
  return (
    <button class="pill" onClick={down}>
      <Icon name="down" />
      {below ? (room.mentioned.value ? "@ " : "") + t("pill", { n: below }) : t("toNewest")}
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
  const [anchor] = useState(() => new Anchor());
  const scrolled = useScroll(room, box, anchor);
  useOpening(room, box, anchor, loaded);
  useTarget(room, box, anchor);
  const shown = logShown.value;
  useLayoutEffect(() => {
    if (shown && room.unread.peek()) room.divider.value = room.read;
  }, [shown]);
  useLayoutEffect(() => {
    keepPlace(room, box.current!, anchor);
    readAll(room);
    if (!room.stick) fillAround(room, box.current!);
  });
  const divider = room.divider.value;
  const rows = rowsOf({ room, rows: view.rows, waiting, divider, now: Date.now() });
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
      >
        <ol class={loaded || rows.length ? undefined : "unseen"}>
          {(view.before || !loaded) && (
            <li key="more" class="between muted">
              <span>{chat.link.value.is === "open" || !loaded ? t("loading") : "…"}</span>
            </li>
          )}
          {loaded && !view.before && !rows.length && (
            <li key="empty" class="between empty hollow">
              <Hearth />
              <h2>{t("emptyTitle")}</h2>
              {!room.readOnly.value && <p>{t("empty")}</p>}
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
