// Everything at once on a desk; one thing at a time on a phone.
import { useEffect } from "preact/hooks";
import { chat, dialog, narrow, open, screen, wide } from "../app";
import { focusComposer } from "../drafts";
import { t } from "../words";
import { useLater } from "./later";
import { Naming } from "./naming";
import { RoomPane } from "./room";
import { Rooms } from "./rooms";

/** F6 goes round the panes. */
function nextPane(back: boolean): void {
  const panes = ["#composer", ".log", ".people", ".rooms"]
    .map((one) => document.querySelector<HTMLElement>(one))
    .filter((one): one is HTMLElement => one !== null && one.offsetParent !== null);
  const here = panes.findIndex((one) => one.contains(document.activeElement));
  panes[(here + (back ? panes.length - 1 : 1)) % panes.length]?.focus();
}

/** A sign, or the beginning of one that an input method composes; a blank scrolls or presses. */
function isTyped(event: KeyboardEvent): boolean {
  return event.keyCode === 229 || ([...event.key].length === 1 && event.key !== " ");
}

function shortcuts(event: KeyboardEvent): void {
  if (event.isComposing || !chat.me.value) return;
  const control = event.ctrlKey || event.metaKey;
  if (event.key === "F6") nextPane(event.shiftKey);
  else if (control && event.key.toLowerCase() === "k") open({ part: "switcher" });
  else if (control && event.key === "/") open({ part: "help" });
  else {
    /* What is typed while one reads is meant to be said here, unless one has just been put here. */
    const reading = event.target === document.body || (event.target as HTMLElement).closest(".log");
    if (!control && !event.altKey && !chat.putOut && reading && !dialog.value && isTyped(event)) focusComposer();
    return;
  }
  event.preventDefault();
}

export function Main() {
  const room = chat.current.value;
  useEffect(() => {
    addEventListener("keydown", shortcuts);
    return () => removeEventListener("keydown", shortcuts);
  }, []);
  useEffect(() => {
    const first = matchMedia("(hover: hover)").matches && !dialog.value;
    if (first && !chat.putOut) focusComposer();
  }, [room]);
  useEffect(() => {
    if (screen.value !== "room") document.querySelector<HTMLElement>("." + screen.value)?.focus();
  }, [screen.value]);
  const joined = room?.joined.value ?? false;
  const ahead = useLater(joined, () => import("../lazy/ahead"));
  useEffect(() => void ahead?.fetchAhead(), [ahead]);
  const people = useLater(joined, () => import("../lazy/people"));
  const nowhere = useLater(chat.me.value && !room && !narrow.value, () => import("../lazy/nowhere"));
  const dialogs = useLater(dialog.value ?? joined, () => import("../lazy/dialog"));
  if (!chat.me.value) return <Naming />;
  const shown = !room ? "rooms" : screen.value;
  return (
    <div class={`panes show-${shown}${room && wide.value ? " three" : ""}`}>
      {room && !room.readOnly.value && !chat.waiting.value && (
        <a class="skip" href="#composer" onClick={(event) => skip(event)}>
          {t("skip")}
        </a>
      )}
      <Rooms />
      {room ? <RoomPane room={room} /> : !narrow.value && nowhere && <nowhere.NoRoom />}
      {room && people && (wide.value || shown === "people") && <people.People room={room} />}
      {dialogs && <dialogs.Dialog />}
    </div>
  );
}

function skip(event: MouseEvent): void {
  event.preventDefault();
  focusComposer();
}
