// Pictures and files: how they are made small, brought to the gateway and said once.
import "./webcrypto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../web/src/chat";
import { draftOf, draftSaid, forgetDrafts, forgetSaid, startEdit, stopReply, writeDraft } from "../../web/src/drafts";
import type { OwnFile } from "../../web/src/files";
import { find, keep, remove } from "../../web/src/lazy/blobs";
import { fitted, moves, prepared, renamed, Unfit } from "../../web/src/lazy/shrink";
import { takeBack, upload, uploadAgain } from "../../web/src/lazy/upload";
import { forget, recallAll } from "../../web/src/memory";
import { Room } from "../../web/src/room";
import { Clock, settle } from "./clock";
import { FileGateway } from "./file_gateway";
import { Gateway } from "./gateway";
import { MemoryStore } from "./memory_store";

const piece = 128 << 10;

async function setUp() {
  for (const key of ["me", "rooms", "room", "left", "lost", "uploading"]) forget(key);
  const clock = new Clock();
  const gateway = new Gateway(clock);
  const files = new FileGateway();
  const chat = new Chat(clock, new MemoryStore());
  await chat.sender.load();
  chat.enter("mina");
  gateway.accept();
  await settle();
  await settle();
  return { clock, gateway, files, chat };
}

let keys = 0;

async function picture(bytes: number, preview = 0): Promise<OwnFile> {
  const key = "key" + keys++;
  await keep({ key, at: Date.now(), file: new Blob([new Uint8Array(bytes)]), preview: preview ? new Blob([new Uint8Array(preview)]) : undefined });
  return { key, id: "", name: "hill.webp", type: "image/webp", size: bytes, width: 4, height: 3, alt: "a hill" };
}

function say(chat: Chat, files: OwnFile[], text = "") {
  return chat.sender.say({ room: "lobby", kind: "send", text, files });
}

async function uploaded(chat: Chat) {
  await upload(chat);
  await settle();
  await settle();
}

test("a picture goes in pieces after its small one, and is said once all of it is there", async () => {
  const { chat, gateway, files } = await setUp();
  void say(chat, [await picture(3 * piece - 1, 900)], "look");
  await settle();
  assert.deepEqual(gateway.texts(), []);
  await uploaded(chat);
  assert.deepEqual(files.requests, ["POST /api/v1/rooms/lobby/files", "POST /api/v1/rooms/lobby/files?size=N", ...Array(3).fill("PATCH /api/v1/uploads/uN")]);
  const [small, large] = [...files.stored.keys()];
  const sent = gateway.requests.filter((one) => one.type === "send");
  assert.deepEqual(sent.map((one) => one.files), [[{ id: large, preview: small, alt: "a hill" }]]);
  assert.deepEqual(gateway.texts(), ["look"]);
  assert.equal(chat.sender.items.value.length, 0);
  const row = chat.current.value!.view.value.rows.at(-1)!;
  assert.deepEqual(row.files?.map(({ id, alt }) => [id, alt]), [[large, "a hill"]]);
});

test("words said after a picture do not wait for it", async () => {
  const { chat, gateway, files, clock } = await setUp();
  files.refuse = { status: 503, body: { error_code: "storage_unavailable", message: "" } };
  void say(chat, [await picture(10)], "slow");
  void chat.sender.say({ room: "lobby", kind: "send", text: "quick" });
  await uploaded(chat);
  assert.deepEqual(gateway.texts(), ["quick"]);
  files.refuse = null;
  await clock.pass(2500);
  assert.deepEqual(gateway.texts(), ["quick", "slow"]);
});

test("a link that breaks in any request costs at most that piece, and nothing is said twice", async () => {
  for (let breaks = 1; breaks <= 6; breaks++) {
    const { chat, gateway, files, clock } = await setUp();
    files.breaksAfter = breaks;
    void say(chat, [await picture(4 * piece, 900)], "once");
    await uploaded(chat);
    assert.deepEqual(gateway.texts(), [], `broken in request ${breaks}`);
    await clock.pass(2500);
    await uploaded(chat);
    assert.deepEqual(gateway.texts(), ["once"], `broken in request ${breaks}`);
    const pieces = files.requests.filter((one) => one.startsWith("PATCH")).length;
    assert.ok(pieces <= 5, `${pieces} pieces`);
  }
});

test("what the gateway forgot is brought anew", async () => {
  const { chat, gateway, files, clock } = await setUp();
  files.breaksAfter = 3;
  void say(chat, [await picture(3 * piece)], "anew");
  await uploaded(chat);
  files.uploads.clear();
  await clock.pass(2500);
  await uploaded(chat);
  assert.deepEqual(gateway.texts(), ["anew"]);
});

test("a refusal is told with the field that it names, and can be tried again", async () => {
  const { chat, gateway, files } = await setUp();
  files.refuse = { status: 507, body: { error_code: "disk_quota", message: "full", field: "files.user_bytes" } };
  void say(chat, [await picture(10)], "kept");
  await uploaded(chat);
  const [item] = chat.sender.items.value;
  assert.deepEqual(item!.failed, { code: "files.user_bytes", message: "full" });
  files.refuse = null;
  chat.sender.again(item!);
  await uploaded(chat);
  assert.deepEqual(gateway.texts(), ["kept"]);
});

test("too often is no refusal: it waits as long as it is told", async () => {
  const { chat, gateway, files, clock } = await setUp();
  files.refuse = { status: 429, body: { error_code: "rate_limited", message: "", retry_after_ms: 9000 } };
  void say(chat, [await picture(10)], "later");
  await uploaded(chat);
  assert.equal(chat.sender.items.value[0]!.failed, undefined);
  files.refuse = null;
  await clock.pass(8000);
  assert.deepEqual(gateway.texts(), []);
  await clock.pass(2000);
  assert.deepEqual(gateway.texts(), ["later"]);
});

test("what was swept while it could not be said is brought anew once, then told", async () => {
  const { chat, files } = await setUp();
  void say(chat, [await picture(10)], "swept");
  const [item] = chat.sender.items.value;
  uploadAgain(chat, item!);
  await uploaded(chat);
  assert.equal(files.stored.size, 1);
  void say(chat, [await picture(10)], "twice");
  const twice = chat.sender.items.value[0]!;
  uploadAgain(chat, twice);
  uploadAgain(chat, twice);
  assert.equal(chat.sender.items.value[0]!.failed!.code, "files");
});

test("thinking better of it in the middle ends the upload and says nothing", async () => {
  const { chat, gateway, files } = await setUp();
  files.silentFrom = 3;
  void say(chat, [await picture(9 * piece)], "no");
  void upload(chat);
  while (files.requests.length < 3) await settle();
  takeBack(chat, chat.sender.items.value[0]!);
  await settle();
  assert.deepEqual(gateway.texts(), []);
  assert.equal(files.requests.length, 4);
  assert.equal(files.uploads.size, 0);
});

test("a file whose bytes are gone is told, and does not hold up others", async () => {
  const { chat, gateway } = await setUp();
  const lost = await picture(10);
  await remove(lost.key);
  void say(chat, [lost], "lost");
  void say(chat, [await picture(10)], "there");
  await uploaded(chat);
  assert.deepEqual(gateway.texts(), ["there"]);
  assert.equal(chat.sender.items.value[0]!.failed!.code, "lost");
});

test("what waits is bounded in bytes", async () => {
  const file = new Blob([new Uint8Array(33 << 20)]);
  assert.ok(await keep({ key: "a", at: 0, file }));
  assert.ok(await keep({ key: "a", at: 0, file }), "the same anew");
  assert.ok(!(await keep({ key: "b", at: 0, file })));
  assert.equal(await find("b"), undefined);
  await remove("a");
  assert.ok(await keep({ key: "b", at: 0, file }));
  await remove("b");
});

test("files of a draft are kept with it, come back after an edit, and go when they are said", async () => {
  forgetDrafts();
  const room = new Room("lobby", () => "mina");
  const file = await picture(10);
  writeDraft(room, { files: [file] });
  assert.equal(recallAll<any>("drafts").lobby.files[0].key, file.key);
  (globalThis as any).document = { querySelector: () => null };
  startEdit(room, 7, "old");
  assert.equal(draftOf(room).value.files, undefined);
  stopReply(room);
  assert.equal(draftOf(room).value.files![0]!.key, file.key);
  draftSaid(room, Promise.resolve());
  await settle();
  assert.deepEqual(recallAll<any>("drafts").lobby, undefined);
});

test("a draft whose files are in the queue already is not there twice; one with others stays", async () => {
  forgetDrafts();
  const room = new Room("lobby", () => "mina");
  const [said, other] = [await picture(10), await picture(10)];
  const item = { nonce: "n", user: "mina", room: "lobby", kind: "send" as const, text: "", at: 1, files: [said] };
  writeDraft(room, { files: [other] });
  forgetSaid([item]);
  assert.ok(recallAll<any>("drafts").lobby);
  writeDraft(room, { files: [said] });
  forgetSaid([item]);
  assert.equal(recallAll<any>("drafts").lobby, undefined);
});

test("pictures keep their shape: the longer side at most 1600, never larger, never nothing", () => {
  assert.deepEqual(fitted(4000, 3000, 1600), [1600, 1200]);
  assert.deepEqual(fitted(3000, 4000, 1600), [1200, 1600]);
  assert.deepEqual(fitted(300, 200, 1600), [300, 200]);
  assert.deepEqual(fitted(9000, 1, 320), [320, 1]);
});

test("a name ends as what the picture has become", () => {
  assert.equal(renamed("IMG_1.HEIC", "image/webp"), "IMG_1.webp");
  assert.equal(renamed("a.b.png", "image/jpeg"), "a.b.jpg");
  assert.equal(renamed("사진", "image/webp"), "사진.webp");
  assert.equal(renamed(".png", "image/webp"), "picture.webp");
});

test("what moves is told from what does not", () => {
  const frame = "\x21\xf9\x04\0\0\0\0\0";
  assert.ok(!moves("GIF89a...." + frame));
  assert.ok(moves("GIF89a...." + frame + "..." + frame));
  assert.ok(moves("GIF89a....NETSCAPE2.0" + frame));
  assert.ok(moves("RIFF\0\0\0\0WEBPVP8X\n\0\0\0\x02......ANIM"));
  assert.ok(!moves("RIFF\0\0\0\0WEBPVP8 ...."));
  assert.ok(moves(new TextDecoder("latin1").decode(Buffer.from("\x89PNG....acTL....IDAT", "latin1"))));
  assert.ok(!moves(new TextDecoder("latin1").decode(Buffer.from("\x89PNG....IDAT....acTL", "latin1"))));
});

/** A browser of so few words: pictures of one size, and a canvas that writes what it can. */
function pretendBrowser(writes: (type: string) => string | null, size = { naturalWidth: 3200, naturalHeight: 2400 }, broken = false) {
  const scope = globalThis as any;
  scope.Image = class {
    onload = () => {};
    onerror = () => {};
    constructor() {
      Object.assign(this, size);
      setTimeout(() => (broken ? this.onerror() : this.onload()));
    }
    async decode() {}
  };
  const drawn: string[] = [];
  const context = {
    set fillStyle(style: string) { drawn.push(style); },
    fillRect() {},
    drawImage() {},
    getImageData: () => ({ data: [200, 50, 100, 255] }),
  };
  scope.document = { createElement: () => ({
    getContext: () => context,
    toBlob(done: (blob: Blob | null) => void, type: string) {
      const made = writes(type);
      done(made && new Blob([new Uint8Array(5000)], { type: made }));
    },
  }) };
  return drawn;
}

const photo = (bytes = 90000, type = "image/jpeg", name = "IMG_1.jpg") => new File([new Uint8Array(bytes)], name, { type });

test("a browser that writes no WebP and gives PNG in its place sends JPEG, on white", async () => {
  const drawn = pretendBrowser((type) => (type === "image/webp" ? "image/png" : type));
  const ready = await prepared(photo(), false);
  assert.deepEqual([ready.type, ready.name, ready.width, ready.height], ["image/jpeg", "IMG_1.jpg", 1600, 1200]);
  assert.ok(drawn.includes("#fff"));
});

test("WebP where it can be written; the original only when it is asked for, with its small picture", async () => {
  pretendBrowser((type) => type);
  const small = await prepared(photo(), false);
  assert.deepEqual([small.type, small.name, small.width], ["image/webp", "IMG_1.webp", 1600]);
  const original = await prepared(photo(), true);
  assert.deepEqual([original.file.size, original.name, original.width, original.preview?.type], [90000, "IMG_1.jpg", 3200, "image/webp"]);
});

test("what cannot be made small is answered in words, and goes as it is when that is asked for", async () => {
  const unfit = (file: File) => prepared(file, false).then(() => "", (error: Unfit) => error.words);
  pretendBrowser(() => null);
  assert.equal(await unfit(photo()), "pictureTooLarge");
  pretendBrowser((type) => type, { naturalWidth: 65000, naturalHeight: 65000 });
  assert.equal(await unfit(photo()), "pictureTooLarge");
  pretendBrowser((type) => type, undefined, true);
  assert.equal(await unfit(photo()), "pictureBroken");
  assert.equal(await unfit(photo(9, "", "IMG_1.HEIC")), "heicHere");
  assert.equal((await prepared(photo(9, "", "IMG_1.HEIC"), true)).file.size, 9);
});

test("a small picture that would only grow, and a file that is none, go as they are", async () => {
  pretendBrowser((type) => type, { naturalWidth: 40, naturalHeight: 40 });
  const ready = await prepared(photo(700, "image/png", "dot.png"), false);
  assert.deepEqual([ready.file.size, ready.name, ready.preview], [700, "dot.png", undefined]);
  const text = await prepared(new File(["hello"], "a.svg", { type: "image/svg+xml" }), false);
  assert.deepEqual([text.type, text.width], ["image/svg+xml", undefined]);
});
