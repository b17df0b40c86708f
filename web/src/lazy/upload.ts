// Brings the files of what waits to be said to the gateway: one after another, in pieces, going on where the
// link broke off or the page was closed. Of several tabs one does it.
import { signal } from "@preact/signals";
import type { Chat } from "../chat";
import type { FileLine, OwnFile } from "../files";
import { recall, remember } from "../memory";
import { newNonce, type Outgoing } from "../outbox";
import { Refused } from "../wire";
import { find, named } from "./blobs";
import { fileReasons } from "./reasons";

const piece_bytes = 128 << 10;
const lease_ms = 6000;
const again_ms = 2000;

/** How much of each is there, 0 to 1, by the key of its bytes. */
export const progress = signal<ReadonlyMap<string, number>>(new Map());

function show(key: string, share: number): void {
  progress.value = new Map(progress.peek()).set(key, share);
}

const tab = newNonce();

/** Whether this tab is the one that uploads, for a while. */
function lease(): boolean {
  const now = Date.now();
  const held = recall("uploading", { tab, until: 0 });
  if (held.tab !== tab && held.until > now && held.until <= now + lease_ms) return false;
  remember("uploading", { tab, until: now + lease_ms });
  return true;
}

/** The item as it stands now; undefined: it was taken back. */
function current(chat: Chat, nonce: string): Outgoing | undefined {
  return chat.sender.items.peek().find((item) => item.nonce === nonce && !item.failed);
}

function change(chat: Chat, nonce: string, key: string, how: Partial<OwnFile>): void {
  const item = current(chat, nonce);
  if (!item) throw new Over();
  const files = item.files!.map((file) => (file.key === key ? { ...file, ...how } : file));
  void chat.sender.put({ ...item, files });
}

/** Nothing is to be done for this one, or by this run. */
class Over extends Error {}

let under: { nonce: string; abort: AbortController } | null = null;

/** Asks the gateway; what it refuses is thrown, but for what the asker looks at itself. */
async function ask(chat: Chat, path: string, method: string, headers: Record<string, string>, body?: Blob): Promise<Response> {
  const Authorization = "Bearer " + chat.me.peek()!.session;
  const reply = await fetch(path, { method, body, signal: under?.abort.signal, headers: { ...headers, Authorization } });
  const looked = path.startsWith("/api/v1/uploads/") && (reply.status === 404 || reply.status === 409);
  if (reply.ok || looked) return reply;
  const told = await reply.json().catch(() => ({}));
  const again = told.retry_after_ms ?? 1000 * Number(reply.headers.get("Retry-After") ?? 0);
  throw new Refused(told.error_code ?? "internal", told.message ?? "", told.field, again || undefined);
}

interface Piece {
  chat: Chat;
  item: Outgoing;
  file: OwnFile;
}

const pathTo = ({ room }: Outgoing) => `/api/v1/rooms/${encodeURIComponent(room)}/files`;

function disposition(name: string): Record<string, string> {
  const sign = (one: string) => "%" + one.charCodeAt(0).toString(16);
  return { "Content-Disposition": "attachment; filename*=UTF-8''" + encodeURIComponent(name).replace(/['()*]/g, sign) };
}

async function whole({ chat, item }: Piece, name: string, blob: Blob): Promise<FileLine> {
  const reply = await ask(chat, pathTo(item), "POST", disposition(name), blob);
  return (await reply.json()).file;
}

/** Where an upload is to go on. A new one is begun when there is none, or the gateway knows it no more. */
async function begin({ chat, item, file }: Piece, size: number): Promise<[id: string, offset: number]> {
  if (file.upload) {
    const reply = await ask(chat, "/api/v1/uploads/" + file.upload, "HEAD", {});
    if (reply.ok) return [file.upload, Number(reply.headers.get("Upload-Offset"))];
  }
  const reply = await ask(chat, `${pathTo(item)}?size=${size}`, "POST", disposition(file.name));
  const { upload } = await reply.json();
  change(chat, item.nonce, file.key, { upload: upload.id });
  return [upload.id, 0];
}

async function inPieces(piece: Piece, blob: Blob): Promise<FileLine> {
  const { chat, item, file } = piece;
  const begun = await begin(piece, blob.size);
  const path = "/api/v1/uploads/" + begun[0];
  for (let offset = begun[1]; ; ) {
    show(file.key, offset / blob.size);
    const headers = { "Upload-Offset": String(offset) };
    const reply = await ask(chat, path, "PATCH", headers, blob.slice(offset, offset + piece_bytes));
    if (reply.status === 201) return (await reply.json()).file;
    if (reply.status === 404) {
      change(chat, item.nonce, file.key, { upload: undefined });
      throw new Lapsed();
    }
    offset = Number(reply.headers.get("Upload-Offset"));
  }
}

/** The gateway has forgotten what had arrived. */
class Lapsed extends Error {}

/** The small picture first: it is what others see. */
async function uploadFile(piece: Piece): Promise<void> {
  const { chat, item, file } = piece;
  const kept = await find(file.key);
  if (!kept) throw new Refused("lost", "", "lost");
  if (kept.preview && !file.preview) {
    const { id } = await whole(piece, "preview", kept.preview);
    change(chat, item.nonce, file.key, { preview: id });
  }
  const told = await (kept.file.size > piece_bytes ? inPieces(piece, kept.file) : whole(piece, file.name, kept.file));
  const { id, name, type, size, width = file.width, height = file.height } = told;
  show(file.key, 1);
  named(id, file.key);
  change(chat, item.nonce, file.key, { id, name, type, size, width, height, upload: undefined });
}

function next(chat: Chat): Piece | undefined {
  const me = chat.me.peek()?.name;
  for (const item of chat.sender.items.peek()) {
    const file = item.user === me && !item.failed && item.files?.find((one) => !one.id);
    if (file && chat.roomOf(item.room).joined.peek()) return { chat, item, file };
  }
  return undefined;
}

/** What was refused is told beside the message; what passes, and a broken link, is tried again. */
function failed({ chat, item }: Piece, error: unknown): void {
  const last = current(chat, item.nonce);
  if (!last) return;
  if (!(error instanceof Refused) || error.passes) {
    const ms = (error instanceof Refused && error.retryAfterMs) || again_ms;
    chat.clock.setTimeout(() => void upload(chat), ms);
    throw new Over();
  }
  const { field = "", code } = error;
  void chat.sender.put({ ...last, failed: { code: field in fileReasons ? field : code, message: error.message } });
}

async function uploadNext(chat: Chat, piece: Piece): Promise<void> {
  under = { nonce: piece.item.nonce, abort: new AbortController() };
  try {
    await uploadFile(piece);
  } catch (error) {
    if (!(error instanceof Lapsed)) failed(piece, error);
  } finally {
    under = null;
  }
  chat.sender.flush(piece.item.room);
}

let running = false;

/** Done when nothing can be uploaded for now. */
export async function upload(chat: Chat): Promise<void> {
  if (running) return;
  running = true;
  const renewing = setInterval(lease, lease_ms / 3);
  try {
    for (let piece = next(chat); piece && chat.link.peek().is === "open"; piece = next(chat)) {
      if (!lease()) {
        chat.clock.setTimeout(() => void upload(chat), lease_ms);
        break;
      }
      await uploadNext(chat, piece);
    }
  } catch {
    /* tried again in a while */
  } finally {
    clearInterval(renewing);
    running = false;
  }
}

/** Whoever said it thinks better of it. */
export function takeBack(chat: Chat, item: Outgoing): void {
  const { abort, nonce } = under ?? {};
  chat.sender.giveUp(item);
  if (nonce === item.nonce) {
    abort!.abort();
    under = null;
  }
  for (const { upload } of item.files ?? []) {
    if (upload) ask(chat, "/api/v1/uploads/" + upload, "DELETE", {}).catch(() => undefined);
  }
}

const repeated = new Set<string>();

/** It was refused for its files: the gateway has swept them while it could not be said. Once they are brought anew. */
export function uploadAgain(chat: Chat, item: Outgoing): void {
  if (repeated.has(item.nonce)) {
    void chat.sender.put({ ...item, failed: { code: "files", message: "" } });
    return;
  }
  repeated.add(item.nonce);
  const files = item.files!.map((file) => ({ ...file, id: "", preview: undefined, upload: undefined }));
  void chat.sender.put({ ...item, files });
  chat.sender.flush(item.room);
}
