// What is being written goes along between one's devices. The gateway keeps one draft a room, each with a version,
// and takes another one only from whoever names the version that stands. So what is here is replaced only by what was
// written in knowledge of it; where both devices have words, one is asked, and until then both keep theirs.
import { chat } from "../app";
import type { Notice } from "../chat";
import { draftOf, writeDraft, type Draft } from "../drafts";
import { recall, remember } from "../memory";
import type { DraftReply } from "../protocol.gen";
import type { Room } from "../room";
import { effect } from "../shared";
import { t, withWords } from "../words";

/** After the last key. */
const pause_ms = 1500;
const shown_characters = 80;

/** What stands on the gateway, as far as this page knows. */
interface Standing {
  text: string;
  version: number;
}

/** By room; kept, so that after a reload what was written meanwhile is told from what was there. */
interface Book {
  uid?: string;
  rooms: Record<string, Standing>;
}

const key = "standing";
let book: Book = recall<Book>(key, { rooms: {} });
/** Words of another device that one has not decided about. */
const offers = new Map<Room, { told: DraftReply; notice?: Notice }>();
const telling = new Set<Room>();
let watching = false;

function standing(room: Room): Standing {
  const { uid } = chat.me.peek()!;
  if (book.uid !== uid) book = { uid, rooms: {} };
  return Object.hasOwn(book.rooms, room.name) ? book.rooms[room.name]! : { text: "", version: 0 };
}

function stands(room: Room, text: string, version: number): void {
  standing(room);
  const noted = ({ uid, rooms }: Book): Book => ({ uid, rooms: { ...rooms, [room.name]: { text, version } } });
  book = noted(book);
  /* Another tab keeps its own rooms there. */
  const kept = recall<Book>(key, book);
  remember(key, noted(kept.uid === book.uid ? kept : book));
}

/** While an older message is changed, what was being written before. */
function written(room: Room): Draft {
  const draft = draftOf(room).value;
  return draft.before ?? draft;
}

function put(room: Room, text: string, reply?: number): void {
  const { edit, before } = draftOf(room).peek();
  writeDraft(room, edit ? { before: { ...before, text, reply } } : { text, reply });
}

function settle(room: Room): DraftReply | undefined {
  const offer = offers.get(room);
  offers.delete(room);
  if (offer?.notice) chat.hush(offer.notice);
  return offer?.told;
}

async function tell(room: Room): Promise<void> {
  const { text, reply } = written(room);
  const offered = offers.get(room);
  if (offered && !text) return take(room, settle(room)!);
  const { text: known, version } = standing(room);
  if (offered || telling.has(room) || text === known || chat.devices < 2 || !room.joined.peek()) return;
  telling.add(room);
  try {
    const told = await chat.do({ type: "draft", room: room.name, text, reply_to: reply, version });
    if (told.text === undefined) stands(room, text, told.version);
    else hearDraft(room, told);
  } catch {
    return; /* too long, or no connection: it stays here; told with the next key, or when the room is joined */
  } finally {
    telling.delete(room);
  }
  if (written(room).text !== text) void tell(room);
}

function take(room: Room, { text = "", version, reply_to }: DraftReply): void {
  stands(room, text, version);
  put(room, text, reply_to);
}

/** What another device wrote, or what stands when this one joins. */
export function hearDraft(room: Room, told: DraftReply): void {
  const { text = "", version } = told;
  const { text: here } = written(room);
  const known = standing(room);
  /* Nothing new: what is here is newer. */
  if (version === known.version) return void tell(room);
  const isKnown = here === known.text;
  if (!isKnown && text && !text.startsWith(here)) return offer(room, told);
  settle(room);
  if (isKnown || text.startsWith(here)) return take(room, told);
  stands(room, text, version);
  void tell(room);
}

function offer(room: Room, told: DraftReply): void {
  settle(room);
  const made: { told: DraftReply; notice?: Notice } = { told };
  offers.set(room, made);
  const decide = (text: string) => {
    settle(room);
    stands(room, told.text!, told.version);
    put(room, text, written(room).reply ?? told.reply_to);
    void tell(room);
  };
  void withWords(Promise.resolve()).then(() => {
    if (offers.get(room) !== made) return;
    made.notice = {
      key: "text",
      text: t("draftElsewhere", { room: room.label, text: told.text!.slice(0, shown_characters) }),
      acts: [
        { words: "draftDrop", does: () => decide(written(room).text) },
        { words: "draftAdd", does: () => decide(`${told.text}\n${written(room).text}`) },
      ],
    };
    chat.say(made.notice);
  });
}

/** Tells what is written in the room that is shown: a while after the last key, and at once when there is nothing
 * any more, the room is left, or the page is put away. */
export function watchDrafts(): void {
  if (watching) return;
  watching = true;
  let shown: Room | null = null;
  let changes = 0;
  effect(() => {
    const room = chat.current.value;
    const change = ++changes;
    if (shown && shown !== room) void tell(shown);
    shown = room;
    if (!room || !room.joined.value) return;
    if (!written(room).text) void tell(room);
    else chat.clock.setTimeout(() => change === changes && void tell(room), pause_ms);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && shown) void tell(shown);
  });
}
