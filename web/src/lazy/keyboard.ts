// Reaching a message by other means than a mouse: arrow keys, the menu key, a long press.
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { open } from "../app";
import type { Room } from "../room";

const press_ms = 450;

export function rowAt(target: EventTarget | null): HTMLElement | null {
  return (target as HTMLElement | null)?.closest?.<HTMLElement>(".row:not(.pending)") ?? null;
}

function openMenu(room: Room, row: HTMLElement): void {
  open({ part: "message", room, seq: Number(row.dataset.seq) });
}

type Listeners = Record<string, (event: any) => void>;

/** Listens while what it is used in is there. */
export function useListeners(box: RefObject<HTMLElement>, room: Room, make: (log: HTMLElement) => Listeners): void {
  useEffect(() => {
    const log = box.current!;
    const listeners = Object.entries(make(log));
    for (const [name, call] of listeners) log.addEventListener(name, call, { passive: name === "touchstart" });
    return () => {
      for (const [name, call] of listeners) log.removeEventListener(name, call);
    };
  }, [room]);
}

/** Arrow keys walk through the messages; Enter opens the menu of one. */
function navigate(room: Room, log: HTMLElement, event: KeyboardEvent): void {
  const row = (event.target as HTMLElement).closest<HTMLElement>(".row");
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const rows = [...log.querySelectorAll<HTMLElement>(".row")];
    const at = row ? rows.indexOf(row) + (event.key === "ArrowUp" ? -1 : 1) : rows.length - 1;
    rows[at]?.focus();
    if (rows[at]) event.preventDefault();
  } else if (event.key === "Enter" && event.target === row && row) {
    event.preventDefault();
    openMenu(room, row);
  }
}

/** A long press on Android and the menu key; a mouse keeps the browser's own menu on text. */
function menu(room: Room, event: MouseEvent): void {
  const row = rowAt(event.target);
  const mouse = event.button === 2 && (event as PointerEvent).pointerType !== "touch";
  if (!row || mouse) return;
  event.preventDefault();
  openMenu(room, row);
}

/** Phones whose long press is not a contextmenu (iOS). Lifting the finger then presses nothing: what
 * lies under it is the menu by now. */
function press(room: Room): Listeners {
  let timer = 0;
  let opened = false;
  const start = (event: TouchEvent) => {
    const row = rowAt(event.target);
    clearTimeout(timer);
    opened = false;
    if (!row || event.touches.length > 1) return;
    timer = window.setTimeout(() => {
      opened = true;
      openMenu(room, row);
    }, press_ms);
  };
  const stop = (event: TouchEvent) => {
    clearTimeout(timer);
    if (opened && event.cancelable) event.preventDefault();
  };
  return { touchstart: start, touchmove: stop, touchend: stop, touchcancel: stop };
}

export function useKeyboard(room: Room, box: RefObject<HTMLElement>): void {
  useListeners(box, room, (log) => ({
    keydown: (event: KeyboardEvent) => navigate(room, log, event),
    contextmenu: (event: MouseEvent) => menu(room, event),
    ...press(room),
  }));
}
