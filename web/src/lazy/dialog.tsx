// The one dialog: what it shows is fetched when it is first asked for.
import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { close, dialog, type Open, type Part } from "../app";
import { partFailed, withLooks } from "../views/later";

type View = ComponentType<{ what: Open }>;

const tools = () => import("./tools");
const sheets = () => import("./sheets");

const parts: Record<Part, () => Promise<View>> = {
  message: () => tools().then((part) => part.MessageMenu),
  person: () => import("./person").then((part) => part.PersonMenu),
  door: () => import("./door").then((part) => part.Door),
  room: () => tools().then((part) => part.RoomSheet),
  create: () => tools().then((part) => part.CreateRoom),
  emoji: () => import("./complete").then((part) => part.EmojiPicker),
  search: () => import("./search").then((part) => part.Search),
  switcher: () => sheets().then((part) => part.Switcher),
  settings: () => import("./settings").then((part) => part.Settings),
  help: () => sheets().then((part) => part.Help),
  link: () => sheets().then((part) => part.LinkSheet),
  self: () => import("./you").then((part) => part.You),
  invite: () => import("./invite").then((part) => part.Invite),
  attach: () => import("./files").then((part) => part.Sources),
  picture: () => import("./files").then((part) => part.PictureView),
  voice: () => import("./voice").then((part) => part.Voice),
};

/** What the browser does for a dialog that opens, for one whose contents change. */
function focusFirst(box: HTMLDialogElement): void {
  (box.querySelector<HTMLElement>("[autofocus]") ?? box.querySelector<HTMLElement>("button"))?.focus();
}

/** Chromium gives the focus back and leaves the caret in the field that now goes away: nothing that is
 * typed would arrive. */
function keepCaret(): void {
  const field = document.activeElement;
  if (field instanceof HTMLTextAreaElement) field.setSelectionRange(field.selectionStart, field.selectionEnd);
}

export function Dialog() {
  const what = dialog.value;
  const box = useRef<HTMLDialogElement>(null);
  const [view, setView] = useState<{ part: Part; View: View } | null>(null);
  useEffect(() => {
    if (!what) return;
    withLooks(parts[what.part]()).then(
      (View) => dialog.peek()?.part === what.part && setView({ part: what.part, View }),
      () => dialog.peek() === what && partFailed(),
    );
  }, [what?.part]);
  /* The element's close event comes late: it must not close what was opened meanwhile. */
  const opened = useRef<Open | null>(null);
  const closed = () => {
    keepCaret();
    if (dialog.peek() === opened.current) close();
  };
  const ready = what && view?.part === what.part ? view.View : null;
  useLayoutEffect(() => {
    if (ready) opened.current = what;
    if (ready && box.current!.open) focusFirst(box.current!);
    else if (ready) box.current!.showModal?.(); /* without it (Safari 14) the sheet stands below the page */
    else if (!what && box.current!.open) box.current!.close();
  }, [ready, what]);
  const outside = (event: MouseEvent) => {
    if (event.target === box.current) close();
  };
  const Ready = ready;
  return (
    <dialog ref={box} data-part={what?.part} aria-labelledby="sheet" onClose={closed} onClick={outside}>
      {Ready && (
        <div class="sheet">
          <Ready what={what!} />
        </div>
      )}
    </dialog>
  );
}
