import type { ClaimantReply } from "./protocol.gen";
// The whole chat: one connection, its rooms, the queue of what is being said. Views read its
// signals and call its verbs. Knows no DOM, so that tests can drive it.
import { computed, signal } from "@preact/signals";
import { Connection, type Link, type Surroundings } from "./connection";
import { moveDraft } from "./drafts";
import { hear } from "./events";
import { History } from "./history";
import { forget, recall, recallAll, remember } from "./memory";
import { fold } from "./mention";
import type { Outgoing, OutboxStore } from "./outbox";
import type { HelloRequest, RoomsRequest } from "./protocol.gen";
import { Room } from "./room";
import { isText, Sender } from "./sender";
import type { Key } from "./words";
import {
  Refused,
  type Answers,
  type Limits,
  type Newcomers,
  type Request,
  type Role,
  type RoomLine,
  type Welcome,
} from "./wire";

/** Where newcomers go, unless the gateway tells another one. */
const usual_first_room = "lobby";
/** So many rooms are followed all the time; of the others only the numbers are asked for. */
const followed_max = 50;
const asked_again_ms = 30000;
const left_max = 50;

/** A message that somebody may want to be called for. */
export interface Told {
  room: Room;
  from: string;
  text: string;
  /** It names oneself, or answers what one has said. */
  called: boolean;
}

export interface Notice {
  key: "text" | "kicked" | "banned" | "removed" | "refused" | "afresh";
  room?: string;
  text?: string;
  error?: Refused;
  /** What may be done about it. */
  acts?: readonly { words: Key; does(): void }[];
}

interface Me {
  name: string;
  session: string;
  uid?: string;
}

/** Put in by build.mjs. */
declare const page_version: string;

/** Rooms that call come first. */
function rank(room: Room): number {
  return room.mentioned.peek() ? 2 : room.unread.peek() ? 1 : 0;
}

/** Until the gateway has told its own; without file_bytes it takes no files. */
const first_limits: Pick<Limits, "text_bytes" | "text_characters" | "file_bytes" | "files_per_message"> = { text_bytes: 8192, text_characters: 2000 };

export class Chat {
  readonly me = signal<Me | null>(recall<Me | null>("me", null));
  readonly link = signal<Link>({ is: "stopped" });
  readonly roundTrip = signal(0);
  readonly serverName = signal(recall("server", "hearth"));
  readonly limits = signal(recall("limits", first_limits));
  readonly rooms = signal<readonly Room[]>([]);
  readonly current = signal<Room | null>(null);
  readonly notices = signal<readonly Notice[]>([]);
  /** Why the name was refused. */
  readonly refusal = signal<Refused | null>(null);
  /** hello has been answered once on this page. */
  readonly welcomed = signal(false);
  readonly unread = computed(() => this.rooms.value.reduce((sum, room) => sum + room.unread.value, 0));
  readonly connection: Connection;
  readonly sender: Sender;
  readonly history = new History(this);
  /** Called for each new message by somebody else, and for the last of those missed that is to oneself. */
  onMessage: (told: Told) => void = () => undefined;
  private wish = "";
  firstRoom = usual_first_room;
  readonly mayCreate = signal(true);
  /** How many one has. */
  devices = 1;
  /** In the gateway. */
  readonly role = signal<Role>("guest");
  /** What becomes of those whom nobody here knows; and whether one is one of them. */
  readonly newcomers = signal<Newcomers>("open");
  readonly waiting = signal(false);
  /** Whether one has a password, or may have one. */
  readonly password = signal<"no" | "may" | "has">("no");
  /** The code of an invite link that one has come by. */
  invite = "";
  /** There are more rooms than are listed. */
  readonly moreRooms = signal(false);
  private version = typeof page_version === "undefined" ? "" : page_version;
  /** The gateway has another page than this one. */
  readonly outdated = signal(false);
  /** Whose words are folded, by uid. */
  readonly blocked = signal(recall<readonly string[]>("blocked", []));
  /** Whoever has taken up the offer that this page made. */
  readonly claimant = signal<ClaimantReply | null>(null);
  /** Asked for: perhaps refused. */
  wantedName = "";

  constructor(
    around: Surroundings,
    store: OutboxStore,
    readonly clock = around,
  ) {
    this.connection = new Connection(around, {
      hello: () => this.hello(),
      link: (link) => this.linked(link),
      welcome: (frame) => this.welcome(frame),
      refused: (error) => this.refused(error),
      stays: () => this.waiting.value,
      frame: (frame) => hear(this, frame),
      roundTrip: (ms) => (this.roundTrip.value = ms),
    });
    this.sender = new Sender(this, store);
  }

  /** Goes in under a name; or, without one, as whoever this browser was last. */
  enter(name = "", room = "", invite = ""): void {
    this.wantedName = name;
    this.wish = room || this.wish;
    this.invite = invite;
    this.refusal.value = null;
    this.connection.start();
  }

  private hello(): Request {
    const me = this.me.value;
    const frame: HelloRequest = { type: "hello", client: recall("client", "hearth-web") };
    if (me) frame.session = me.session;
    frame.name = this.wantedName || me?.name;
    /* One that names a room is looked at there. */
    if (this.invite && !this.wish) frame.invite = this.invite;
    return frame;
  }

  private linked(link: Link): void {
    this.link.value = link;
    if (link.is === "open") return;
    for (const room of this.rooms.value) room.leftBehind();
    this.sender.linkLost();
  }

  private refused(error: Refused): void {
    const lost = this.me.value;
    if (lost) {
      this.wantedName ||= lost.name;
      this.rooms.value = [];
      this.current.value = null;
      /* Who is banned, or stands before a closed door, is still somebody. */
      if (error.code !== "banned" && error.code !== "forbidden") this.loseName(lost);
    }
    this.refusal.value = error;
    this.me.value = null;
  }

  /** Whatever is still to be said may be said under the next name. */
  private loseName(lost: Me): void {
    this.rooms.value = [];
    this.current.value = null;
    /* Another tab may have got a new one meanwhile. */
    if (recall<Me | null>("me", null)?.session !== lost.session) return;
    remember("lost", lost.name);
    forget("me");
  }

  private welcome(frame: Welcome): void {
    const me = { name: frame.user.name, session: frame.session, uid: frame.user.uid };
    /* Called otherwise on another device: what waits here is said under the new name. */
    const before = this.me.value;
    const lost = before && before.session === me.session && before.name !== me.name ? before.name : recall("lost", "");
    this.me.value = me;
    remember("me", me);
    if (lost) void import("./lazy/adopt").then(({ adopt }) => (adopt(this, lost), forget("lost")), () => undefined);
    this.serverName.value = frame.server.name;
    remember("server", frame.server.name);
    this.limits.value = frame.limits;
    remember("limits", frame.limits);
    this.firstRoom = frame.first_room;
    this.devices = frame.devices;
    this.role.value = frame.user.role;
    this.password.value = frame.has_password ? "has" : frame.may_register ? "may" : "no";
    this.waiting.value = frame.waiting ?? false;
    this.newcomers.value = frame.newcomers ?? "open";
    this.mayCreate.value = frame.may_create;
    this.moreRooms.value = frame.more ?? false;
    this.checkVersion(frame.server.version);
    for (const line of frame.rooms) this.roomOf(line.name).describe(line);
    if (!frame.more) this.forgetRooms(frame.rooms);
    for (const item of this.sender.items.value) {
      if (item.user === me.name) this.roomOf(item.room).wanted ||= !item.failed;
    }
    if (!this.wish) this.invite = "";
    this.wishes(frame.rooms);
    for (const one of frame.invitations ?? []) hear(this, { type: "invited", ...one });
    this.welcomed.value = true;
    void this.joinAll();
  }

  /** A gateway of another version has another page. */
  private checkVersion(version: string): void {
    this.version ||= version;
    this.outdated.value = this.version !== version;
  }

  /** Those that have been removed meanwhile; one that is wanted is asked for, which says so. */
  private forgetRooms(lines: readonly RoomLine[]): void {
    const there = new Set(lines.map((line) => line.name));
    if (this.moreRooms.value) return; /* not all are listed */
    this.rooms.value = this.rooms.value.filter((room) => room.wanted || room === this.current.value || there.has(room.name));
  }

  /** Which rooms to be in: those of last time, with a role, private or direct, and the one asked for. */
  private wishes(lines: readonly RoomLine[]): void {
    const kept = recall<string[] | null>("rooms", null);
    const left = recall<string[]>("left", []);
    for (const line of lines) {
      const room = this.roomOf(line.name);
      const belongs = (line.visibility !== "public" || line.role !== "guest") && !left.includes(line.name);
      if (kept?.includes(line.name) || belongs) room.wanted = true;
    }
    if (!kept) {
      /* Of many rooms it may be one that is not listed. */
      const there = this.moreRooms.value || lines.some((line) => line.name === this.firstRoom);
      const first = there ? this.firstRoom : lines[0]?.name;
      if (first) this.roomOf(first).wanted = true;
    }
    if (this.wish) this.roomOf(this.wish).wanted = true;
    const wanted = this.rooms.value.filter((room) => room.wanted);
    const last = recall("room", "");
    const room =
      this.current.value ??
      wanted.find((one) => one.name === (this.wish || last)) ??
      wanted.find((one) => one.name === this.firstRoom) ??
      wanted[0];
    this.wish = "";
    if (room && room !== this.current.value) this.show(room);
  }

  /** Whether what was said is folded. */
  hides({ uid }: { uid?: string }): boolean {
    return uid !== undefined && this.blocked.value.includes(uid);
  }

  known(name: string): Room | undefined {
    return this.rooms.peek().find((room) => room.name === name);
  }

  /** The room of this name, new to the page or not. */
  roomOf(name: string): Room {
    const known = this.known(name);
    if (known) return known;
    const room = new Room(name, () => this.me.peek()?.name ?? "", () => this.clock.now(), () => this.me.peek()?.uid);
    room.invited.value = recallAll<string>("invited")[name] ?? "";
    if (name.startsWith("@")) {
      room.visibility.value = "direct";
      room.peer.value = name.slice(1).split(",").find((one) => one !== this.me.peek()?.name) ?? name;
    }
    this.rooms.value = [...this.rooms.peek(), room];
    return room;
  }

  private async joinAll(): Promise<void> {
    const life = this.connection.life;
    const wanted = this.rooms.value.filter((room) => room.wanted);
    const current = this.current.value;
    if (current?.wanted) await this.join(current);
    const followed = wanted.sort((a, b) => rank(b) - rank(a)).slice(0, followed_max);
    if (followed.length < wanted.length) this.askAgain(life);
    for (const room of followed) {
      if (room === current) continue;
      if (life !== this.connection.life || this.link.value.is !== "open") return;
      await this.join(room);
    }
    /* What was said to somebody for the first time has no room yet that could be joined. */
    this.sender.flushAll();
  }

  /** Rooms one is not in, there being too many, are asked after now and then. */
  private askAgain(life: number): void {
    this.clock.setTimeout(() => {
      if (life !== this.connection.life || this.link.value.is !== "open") return;
      void this.findRooms();
      this.askAgain(life);
    }, asked_again_ms);
  }

  /** Lists rooms of which a part of the name is known; without one, those that are listed anyhow. */
  async findRooms(query = ""): Promise<void> {
    try {
      const asked: RoomsRequest = query ? { type: "rooms", query } : { type: "rooms" };
      const { rooms } = await this.connection.request(asked);
      for (const line of rooms) this.roomOf(line.name).describe(line);
    } catch {
      /* asked again with the next letter, or in a while */
    }
  }

  /** Enters the room, and fills what was missed. Pipelined: the first page does not wait for join. */
  async join(room: Room): Promise<void> {
    room.wanted = true;
    if (room.joined.value || room.joining || this.link.value.is !== "open") return;
    const life = this.connection.life;
    room.joining = true;
    const from = room.log ? { after: room.cursor, log: room.log } : this.sender.cursorFor(room.name);
    const where = from ?? { history: 0 };
    const brought = room === this.current.value && this.invite ? { invite: this.invite } : undefined;
    if (brought) this.invite = "";
    const join = this.connection.request({ type: "join", room: room.name, ...where, ...brought });
    const page = room.loaded.value ? null : this.history.newest(room);
    try {
      const joined = await join;
      if (!room.wanted) return;
      const real = this.reallyNamed(room, joined.room);
      const known = real.loaded.value;
      real.entered(joined, from?.after);
      if (known && !real.loaded.value && !page) this.say({ key: "afresh", room: real.name });
      this.keepRooms();
      /* Where a newcomer begins to read is to be known after a reload, too, however soon it comes. */
      if (joined.read < real.read) this.tellRead(real);
      await page;
      if (!real.loaded.value) await this.history.newest(real);
    } catch (error) {
      this.notJoined(room, error as Error);
    } finally {
      if (life === this.connection.life) room.joining = false;
    }
  }

  /** Whoever follows #LOBBY is in #lobby. */
  private reallyNamed(room: Room, name: string): Room {
    if (room.name === name) return room;
    const real = this.roomOf(name);
    real.wanted = true;
    this.rooms.value = this.rooms.value.filter((one) => one !== room);
    if (room === this.current.value) this.current.value = real;
    return real;
  }

  /** It has another name: what is shown is read anew under that. */
  renamed(room: Room, name: string): void {
    const { wanted } = room;
    const real = this.reallyNamed(room, name);
    real.wanted = wanted;
    this.sender.moved(room.name, name);
    moveDraft(room, real);
    this.keepRooms();
    if (real === this.current.value) remember("room", name);
    if (wanted) void this.join(real);
  }

  /** All that was said there is gone. */
  purged(room: Room): void {
    if (!room.loaded.value) return;
    room.empty();
    void this.history.newest(room);
  }

  private notJoined(room: Room, error: Error): void {
    if (!(error instanceof Refused)) return;
    if (error.passes) {
      this.clock.setTimeout(() => room.wanted && void this.join(room), error.retryAfterMs ?? 2000);
      return;
    }
    if (room.isDirect && error.code === "room_not_found") {
      room.caughtUp.value = true;
      room.loaded.value = true;
      return;
    }
    this.say({ key: "refused", room: room.name, error });
    if (this.sender.refuseAll(room.name, error)) this.stayUnsent(room);
    else this.goOut(room, error.code === "room_not_found");
  }

  /** What could not be said is still to be read, copied or thrown away, though the room is not. */
  private stayUnsent(room: Room): void {
    room.wanted = false;
    room.loaded.value = true;
    this.keepRooms();
  }

  show(room: Room): void {
    const before = this.current.value;
    if (before && before !== room) {
      before.divider.value = -1;
      before.toNewest();
    }
    this.current.value = room;
    this.mark(room);
    remember("room", room.name);
    room.divider.value = room.unread.value ? room.read : -1;
    this.history.toUnread(room);
    void this.join(room);
  }

  /** Who let one into a room that one has not looked at yet, over a reload; nobody: one has. */
  mark(room: Room, by = ""): void {
    const marks = recallAll<string>("invited");
    room.invited.value = by;
    if (by) marks[room.name] = by;
    else delete marks[room.name];
    remember("invited", marks);
  }

  /** Everything that is here has been seen. */
  seen(room: Room): void {
    if (room.read >= room.cursor || room.detached.value || !room.caughtUp.value || !room.loaded.value) return;
    room.readTo(room.cursor);
    this.tellReadSoon(room);
  }

  readAll(): void {
    for (const room of this.rooms.peek()) {
      if (!room.unread.peek()) continue;
      room.divider.value = -1;
      room.readTo(Math.max(room.cursor, room.last));
      this.tellReadSoon(room);
    }
  }

  private reading = new Set<Room>();

  private tellRead(room: Room): void {
    if (room.joined.value) this.connection.tell({ type: "read", room: room.name, seq: room.read });
  }

  /** While one reads along, it changes with every message. */
  private tellReadSoon(room: Room): void {
    if (this.reading.has(room)) return;
    this.reading.add(room);
    this.clock.setTimeout(() => {
      this.reading.delete(room);
      this.tellRead(room);
    }, 1500);
  }

  /** Out of a room, for good or until one asks again: another one is shown. */
  private goOut(room: Room, gone = false): void {
    room.wanted = false;
    this.mark(room);
    room.leftBehind();
    room.unread.value = room.mentioned.value = 0;
    this.keepRooms();
    if (gone) this.rooms.value = this.rooms.value.filter((one) => one !== room);
    if (room !== this.current.value) return;
    const other = this.rooms.value.find((one) => one.wanted);
    this.current.value = null;
    this.putOut = true;
    if (other) this.show(other);
  }

  /** Another room is shown than one has chosen: what is being typed was not meant for it. */
  putOut = false;

  /** The host put one out, and said why. What waits is not sent by coming back unasked. */
  kicked(room: Room, key: "kicked" | "banned", reason = ""): void {
    this.say({ key, room: room.title, text: reason });
    this.sender.refuseAll(room.name, new Refused(key, reason));
    this.goOut(room);
  }

  removed(name: string): void {
    const room = this.known(name);
    if (!room) return;
    if (room.wanted && !room.isDirect) this.say({ key: "removed", room: room.name });
    this.goOut(room, !this.sender.refuseAll(name, new Refused("removed", "")));
  }

  keepRooms(): void {
    const names = this.rooms.value.filter((room) => room.wanted && !room.isDirect).map((room) => room.name);
    remember("rooms", names);
  }

  async leave(room: Room): Promise<void> {
    this.sender.refuseAll(room.name, new Refused("left", ""));
    /* A conversation of two is out of sight on all devices, until something is said in it. */
    if (!room.isDirect) remember("left", [...new Set([...recall<string[]>("left", []), room.name])].slice(-left_max));
    this.goOut(room, room.isDirect);
    await this.connection.request({ type: "leave", room: room.name }).catch(() => undefined);
  }

  /** The room of oneself and another; it comes to be with the first message. */
  direct(name: string): Room {
    const known = this.rooms.value.find((room) => room.isDirect && room.peer.value === name);
    const names = [this.me.value!.name, name].sort((a, b) => (fold(a) < fold(b) ? -1 : 1));
    const room = known ?? this.roomOf("@" + names.join(","));
    room.wanted = true;
    return room;
  }

  /** A request on a room that answers ok, for the administrator's tools. */
  do<R extends Request>(request: R): Promise<Answers[R["type"]]> {
    return this.connection.request(request);
  }

  async people(room: Room): Promise<void> {
    if (this.link.value.is !== "open" || !room.joined.value) return;
    try {
      const reply = await this.connection.request({ type: "who", room: room.name });
      room.setPeople(reply.members);
    } catch {
      /* asked again with the next change */
    }
  }

  /** Shown until it is dismissed, or for so long; the same words are not said twice. */
  say(notice: Notice, ms?: number): void {
    const others = this.notices.value.filter((one) => (one.key === "text" ? one.text !== notice.text : one.room !== notice.room));
    this.notices.value = [...others.slice(-2), notice];
    if (ms) this.clock.setTimeout(() => this.hush(notice), ms);
  }

  hush(notice: Notice): void {
    this.notices.value = this.notices.value.filter((one) => one !== notice);
  }

  /** An outgoing item turned out to be stored. */
  stored(item: Outgoing, room: string, seq: number, ts: number): void {
    const { name: from, uid } = this.me.value!;
    const where = this.roomOf(room);
    if (isText(item)) {
      where.slow();
      where.put({ kind: "message", seq, ts, from, uid, text: item.text!, nonce: item.nonce, reply: item.reply_to, files: item.files, reactions: [] });
    }
    if (item.kind === "direct") this.directStored(item.room, where);
    if (item.kind === "react" && where.tellsNotAll(item.target!)) this.history.refresh(where, item.target!);
  }

  private directStored(name: string, room: Room): void {
    const draft = this.known(name);
    if (draft && draft !== room) {
      this.rooms.value = this.rooms.value.filter((one) => one !== draft);
      if (draft === this.current.value) this.show(room);
    }
    if (!room.joined.value) {
      room.loaded.value = false;
      void this.join(room);
    }
  }

  /** Forgets who one is here; the page starts from the name again. */
  async leaveName(): Promise<void> {
    await this.connection.request({ type: "logout" }).catch(() => undefined);
    this.connection.stop();
    if (this.me.value) this.loseName(this.me.value);
    for (const key of ["rooms", "room", "left", "invited"]) forget(key);
    this.me.value = null;
    this.welcomed.value = false;
    this.wantedName = "";
  }
}
