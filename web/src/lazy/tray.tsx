// What goes along with a message, over the composer: chosen, pasted, dropped or just taken.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { chat } from "../app";
import { draftOf, focusComposer, writeDraft } from "../drafts";
import type { OwnFile } from "../files";
import { newNonce } from "../outbox";
import type { Room } from "../room";
import { Icon } from "../views/icon";
import { t, type Key } from "../words";
import { addressOf, find, forgetAddress, keep, remove } from "./blobs";
import { sizeOf } from "./reasons";
import { isPicture, prepared, Unfit } from "./shrink";

const told_ms = 6000;
/** Of which each has at most three bytes; the gateway takes 1000. */
const alt_characters_max = 333;

interface Source {
  file: File;
  original: boolean;
  /** Why it cannot be made ready. */
  wrong?: Key;
}

/** What was chosen on this page, by key; a page that was loaded anew has what was made of it. */
const sources = signal<ReadonlyMap<string, Source>>(new Map());

function setSource(key: string, source: Source): void {
  sources.value = new Map(sources.peek()).set(key, source);
}

const filesOf = (room: Room) => draftOf(room).peek().files ?? [];

function write(room: Room, files: readonly OwnFile[]): void {
  writeDraft(room, { files: files.length ? files : undefined });
}

function change(room: Room, key: string, how: Partial<OwnFile>): void {
  write(room, filesOf(room).map((file) => (file.key === key ? { ...file, ...how } : file)));
}

/** Nobody needs it any more. */
export function letGoOf(key: string): void {
  const others = new Map(sources.peek());
  others.delete(key);
  sources.value = others;
  void remove(key);
}

function takeOut(room: Room, key: string): void {
  write(room, filesOf(room).filter((file) => file.key !== key));
  letGoOf(key);
  focusComposer();
}

/** What lies in a cloud, or was moved away since, is only named here. */
async function readable(file: File): Promise<void> {
  await file.slice(0, 1).arrayBuffer().catch(() => {
    throw new Unfit("fileLost");
  });
}

async function make(room: Room, key: string, file: File, original: boolean): Promise<void> {
  const source = { file, original };
  setSource(key, source);
  change(room, key, { size: 0 });
  /* It may be taken out meanwhile, or made otherwise. */
  const stands = () => sources.peek().get(key) === source;
  try {
    await readable(file);
    const ready = await prepared(file, original);
    const { name, type, width, height, preview } = ready;
    if (!ready.file.size) throw new Unfit("fileEmpty");
    if (ready.file.size > chat.limits.peek().file_bytes!) throw new Unfit("fileTooLarge");
    if (!stands()) return;
    if (!(await keep({ key, at: Date.now(), file: ready.file, preview }))) throw new Unfit("tooMuchWaits");
    if (!sources.peek().has(key)) await remove(key);
    if (!stands()) return;
    forgetAddress(key);
    change(room, key, { name, type, width, height, size: ready.file.size });
  } catch (error) {
    if (stands()) setSource(key, { ...source, wrong: error instanceof Unfit ? error.words : "pictureBroken" });
  }
}

/** Puts them into the tray and makes them ready, one after another: each may need much memory. */
export async function take(room: Room, files: readonly File[], alt?: string): Promise<void> {
  const most = chat.limits.peek().files_per_message ?? 8;
  const free = most - filesOf(room).length;
  if (files.length > free) chat.say({ key: "text", text: t("atMostFiles", { n: most }) }, told_ms);
  const taken = files.slice(0, Math.max(0, free)).map((file) => ({ file, key: newNonce() }));
  const rows = taken.map(({ file, key }) => ({ key, id: "", name: file.name, type: file.type, size: 0, ...(alt ? { alt } : {}) }));
  for (const { key, file } of taken) setSource(key, { file, original: false });
  write(room, [...filesOf(room), ...rows]);
  for (const { key, file } of taken) await make(room, key, file, false);
}

/** A page that was loaded anew: what was not ready then is not there. */
async function dropLost(room: Room): Promise<void> {
  for (const { key, size } of filesOf(room)) {
    const there = sources.peek().has(key) || (size > 0 && (await find(key)));
    if (!there) write(room, filesOf(room).filter((file) => file.key !== key));
  }
}

function Thumb({ file, source, chosen, choose }: { file: OwnFile; source?: Source; chosen: boolean; choose(): void }) {
  const picture = file.width && addressOf(file.key);
  const state = source?.wrong ? "wrong" : file.size ? "" : "busy";
  return (
    <li>
      <button type="button" class={"thumb " + state} aria-pressed={chosen} aria-busy={state === "busy"} aria-label={file.alt || file.name} onClick={choose}>
        {picture ? <img src={picture} alt="" /> : <span>{state === "busy" ? "…" : kindOf(file)}</span>}
        {state === "wrong" && <Icon name="warning" />}
      </button>
    </li>
  );
}

function kindOf({ name, type }: OwnFile): string {
  return type.startsWith("audio/") ? "♪" : (/\.(\w{1,5})$/.exec(name)?.[1] ?? "?");
}

/** For those who cannot see the picture. */
function Description({ room, file }: { room: Room; file: OwnFile }) {
  const done = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    focusComposer();
  };
  return (
    <input
      aria-label={t("altOf", { name: file.name })}
      placeholder={t("alt")}
      maxLength={alt_characters_max}
      value={file.alt ?? ""}
      onInput={({ currentTarget }) => change(room, file.key, { alt: currentTarget.value || undefined })}
      onKeyDown={done}
    />
  );
}

/** The one that is chosen: what it is, what is said of it, whether it goes as it is. */
function Details({ room, file, source }: { room: Room; file: OwnFile; source?: Source }) {
  const { wrong, original } = source ?? {};
  const mayBeLarge = source && isPicture(source.file) && source.file.size <= chat.limits.value.file_bytes!;
  const offered = mayBeLarge && (original || wrong || (file.size > 0 && source.file.size > file.size));
  return (
    <div class="details">
      <p class="small">
        <bdi>{file.name}</bdi> <span class="muted">{file.size ? sizeOf(file.size) : !wrong && t("makingReady")}</span>
      </p>
      {wrong && (
        <p class="wrong small" role="alert">
          {t(wrong, { size: sizeOf(chat.limits.value.file_bytes ?? 0) })}
        </p>
      )}
      {file.type.startsWith("audio/") && file.size > 0 && <audio controls src={addressOf(file.key) || undefined} aria-label={t("listen")} />}
      {file.width !== undefined && <Description room={room} file={file} />}
      {offered && (
        <label class="choice">
          <input type="checkbox" checked={original ?? false} onChange={({ currentTarget }) => void make(room, file.key, source.file, currentTarget.checked)} />
          {t("original", { size: sizeOf(source.file.size) })}
        </label>
      )}
      <button type="button" class="link" onClick={() => takeOut(room, file.key)}>
        {t("takeOut")}
      </button>
    </div>
  );
}

export function Tray({ room }: { room: Room }) {
  const files = draftOf(room).value.files ?? [];
  const [at, choose] = useState("");
  useEffect(() => void dropLost(room), [room]);
  const chosen = files.find(({ key }) => key === at) ?? files.find(({ key }) => sources.value.get(key)?.wrong) ?? files[0];
  return (
    <div class="tray">
      <ul aria-label={t("goesAlong")}>
        {files.map((file) => (
          <Thumb key={file.key} file={file} source={sources.value.get(file.key)} chosen={file === chosen} choose={() => choose(file.key)} />
        ))}
      </ul>
      {chosen && <Details key={chosen.key} room={room} file={chosen} source={sources.value.get(chosen.key)} />}
    </div>
  );
}
