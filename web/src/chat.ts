import type { ClaimantReply } from "./protocol.gen";
// The whole chat: one connection, its rooms, the queue of what is being said. Views read its
// signals and call its verbs. Knows no DOM, so that tests can drive it.
import { computed, signal } from "@preact/signals";
import { Connection, type Link, type Surroundings } from "./connection";
import { hear } from "./events";
import { History } from "./history";
import { forget, recall, recallAll, remember } from "./memory";
import { fold } from "./mention";
import { Membership } from "./membership";
import type { Outgoing, OutboxStore } from "./outbox";
import type { HelloRequest } from "./protocol.gen";
import { Reading } from "./reading";
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
  type Welcome,
} from "./wire";

/** Where newcomers go, unless the gateway tells another one. */
const usual_first_room = "lobby";

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
  readonly membership = new Membership(this);
  readonly reading = new Reading(this);
  /** Called for each new message by somebody else, and for the last of those missed that is to oneself. */
  onMessage: (told: Told) => void = () => undefined;
  /** A room that was asked for. */
  wish = "";
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
    if (!frame.more) this.membership.forgetRooms(frame.rooms);
    for (const item of this.sender.items.value) {
      if (item.user === me.name) this.roomOf(item.room).wanted ||= !item.failed;
    }
    if (!this.wish) this.invite = "";
    this.membership.wishes(frame.rooms);
    for (const one of frame.invitations ?? []) hear(this, { type: "invited", ...one });
    this.welcomed.value = true;
    void this.membership.joinAll();
  }

  /** A gateway of another version has another page. */
  private checkVersion(version: string): void {
    this.version ||= version;
    this.outdated.value = this.version !== version;
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

  show(room: Room): void {
    const before = this.current.value;
    if (before && before !== room) {
      before.divider.value = -1;
      before.toNewest();
    }
    this.current.value = room;
    this.membership.mark(room);
    remember("room", room.name);
    room.divider.value = room.unread.value ? room.read : -1;
    this.history.toUnread(room);
    void this.membership.join(room);
  }

  /** Another room is shown than one has chosen: what is being typed was not meant for it. */
  putOut = false;

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
      void this.membership.join(room);
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
