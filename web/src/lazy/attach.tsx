// Where pictures and files come from: the camera, a picker, the clipboard, what is dropped on the page.
import { effect } from "@preact/signals";
import { chat, close, dialog, open, type Open } from "../app";
import { draftOf, type Draft } from "../drafts";
import { recallAll } from "../memory";
import type { Room } from "../room";
import { t } from "../words";
import { removeOrphans } from "./blobs";
import { Item, Title } from "./sheet";
import { letGoOf, take } from "./tray";

const pictures = "image/*";

function pick(room: Room, accept: string, capture = false): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = accept;
  if (capture) input.setAttribute("capture", "environment");
  else input.multiple = true;
  input.onchange = () => void take(room, [...(input.files ?? [])]);
  input.click();
}

/** A device that is held in the hand has a camera, and keeps pictures apart from files. */
export function attach(room: Room): void {
  if (matchMedia("(pointer: coarse)").matches) open({ part: "attach", room });
  else pick(room, "");
}

export function Sources({ what }: { what: Open }) {
  const from = (accept: string, capture?: boolean) => () => {
    close();
    pick(what.room!, accept, capture);
  };
  return (
    <>
      <Title text={t("attach")} />
      <ul>
        <Item text={t("takePicture")} act={from(pictures, true)} />
        <Item text={t("choosePictures")} act={from(pictures + ",video/*")} />
        <Item text={t("chooseFiles")} act={from("")} />
      </ul>
    </>
  );
}

/** The room that takes what comes; none while one may not write, or something lies over it. */
function receiver(): Room | null {
  const room = chat.current.peek();
  const may = room && chat.limits.peek().file_bytes && !room.readOnly.peek() && !room.mutedUntil.peek();
  return may && !dialog.peek() && !draftOf(room).peek().edit ? room : null;
}

/** Takes them, if there are any and they may be taken. Words are left to the browser. */
function receive(event: Event, data: DataTransfer | null): void {
  const files = [...(data?.files ?? [])];
  const room = receiver();
  if (!files.length || !room) return;
  event.preventDefault();
  void take(room, files);
}

function carriesFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") ?? false;
}

function watchDrops(): void {
  const mark = (on: boolean) => document.body.classList.toggle("dropping", on);
  /* What is copied from a table or a text comes as a picture of itself, too: there the words are meant. */
  addEventListener("paste", (event) => event.clipboardData?.types.includes("text/plain") || receive(event, event.clipboardData));
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); /* else the browser leaves the page and opens the file */
    mark(receiver() !== null);
  });
  addEventListener("dragleave", (event) => !event.relatedTarget && mark(false));
  addEventListener("drop", (event) => {
    mark(false);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    receive(event, event.dataTransfer);
  });
}

const settled_ms = 5000;

/** In a draft, of any tab, or in the queue. */
function isNamed(key: string): boolean {
  const lists = [...Object.values(recallAll<Draft>("drafts")), ...chat.sender.items.peek()];
  return lists.some(({ files }) => files?.some((file) => file.key === key));
}

/** What has been said, or taken back, is kept no longer. An item may only have got another nonce. */
function letGo(): void {
  let before: string[] = [];
  effect(() => {
    const now = chat.sender.items.value.flatMap(({ files }) => files?.map(({ key }) => key) ?? []);
    const gone = before.filter((key) => !now.includes(key));
    before = now;
    if (gone.length) setTimeout(() => gone.forEach((key) => isNamed(key) || letGoOf(key)), settled_ms);
  });
}

/** Whoever writes here next finds nothing of it. */
export function forgetUnsaid(): void {
  void removeOrphans(isNamed, 0);
}

let begun = false;

export function begin(): void {
  if (begun) return;
  begun = true;
  watchDrops();
  letGo();
  void removeOrphans(isNamed);
}
