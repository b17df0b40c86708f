// In which rooms one is: wished for, entered, followed over lost connections and other names, left, or put out of.
import type { Chat } from "./chat";
import { moveDraft } from "./drafts";
import { recall, recallAll, remember } from "./memory";
import type { RoomsRequest } from "./protocol.gen";
import type { Room } from "./room";
import { Refused, type RoomLine } from "./wire";

/** So many rooms are followed all the time; of the others only the numbers are asked for. */
const followed_max = 50;
const asked_again_ms = 30000;
const left_max = 50;

/** Rooms that call come first. */
function rank(room: Room): number {
  return room.mentioned.peek() ? 2 : room.unread.peek() ? 1 : 0;
}

export class Membership {
  constructor(private readonly chat: Chat) {}

  /** When all are listed: those that have been removed meanwhile. One that is wanted is asked for, which says so. */
  forgetRooms(lines: readonly RoomLine[]): void {
    const there = new Set(lines.map((line) => line.name));
    this.chat.rooms.value = this.chat.rooms.value.filter((room) => room.wanted || room === this.chat.current.value || there.has(room.name));
  }

  /** Which rooms to be in: those of last time, with a role, private or direct, and the one asked for. */
  wishes(lines: readonly RoomLine[]): void {
    const kept = recall<string[] | null>("rooms", null);
    const left = recall<string[]>("left", []);
    for (const line of lines) {
      const room = this.chat.roomOf(line.name);
      const belongs = (line.visibility !== "public" || line.role !== "guest") && !left.includes(line.name);
      if (kept?.includes(line.name) || belongs) room.wanted = true;
    }
    if (!kept) {
      /* Of many rooms it may be one that is not listed. */
      const there = this.chat.moreRooms.value || lines.some((line) => line.name === this.chat.firstRoom);
      const first = there ? this.chat.firstRoom : lines[0]?.name;
      if (first) this.chat.roomOf(first).wanted = true;
    }
    if (this.chat.wish) this.chat.roomOf(this.chat.wish).wanted = true;
    const wanted = this.chat.rooms.value.filter((room) => room.wanted);
    const last = recall("room", "");
    const room =
      this.chat.current.value ??
      wanted.find((one) => one.name === (this.chat.wish || last)) ??
      wanted.find((one) => one.name === this.chat.firstRoom) ??
      wanted[0];
    this.chat.wish = "";
    if (room && room !== this.chat.current.value) this.chat.show(room);
  }

  async joinAll(): Promise<void> {
    const { life, roomsMax } = this.chat.connection;
    const wanted = this.chat.rooms.value.filter((room) => room.wanted);
    const current = this.chat.current.value;
    if (current?.wanted) await this.join(current);
    /* The one that is looked at is one of them, whoever calls elsewhere. */
    const first = (room: Room) => (room === current ? 3 : rank(room));
    this.askAgain(life);
    for (const room of wanted.sort((a, b) => first(b) - first(a)).slice(0, Math.min(followed_max, roomsMax))) {
      if (life !== this.chat.connection.life || this.chat.link.value.is !== "open") return;
      await this.join(room);
    }
    /* What was said to somebody for the first time has no room yet that could be joined. */
    this.chat.sender.flushAll();
  }

  /** Rooms one wants to be in and is not, there being too many, are asked after now and then. */
  private askAgain(life: number): void {
    this.chat.clock.setTimeout(() => {
      if (life !== this.chat.connection.life || this.chat.link.value.is !== "open") return;
      if (this.chat.rooms.value.some((room) => room.wanted && !room.joined.value)) void this.findRooms();
      this.askAgain(life);
    }, asked_again_ms);
  }

  /** Lists rooms of which a part of the name is known; without one, those that are listed anyhow. */
  async findRooms(query = ""): Promise<void> {
    try {
      const asked: RoomsRequest = query ? { type: "rooms", query } : { type: "rooms" };
      const { rooms } = await this.chat.connection.request(asked);
      for (const line of rooms) this.chat.roomOf(line.name).describe(line);
    } catch {
      /* asked again with the next letter, or in a while */
    }
  }

  /** Enters the room, and fills what was missed. Pipelined: the first page does not wait for join. */
  async join(room: Room): Promise<void> {
    room.wanted = true;
    if (room.joined.value || room.joining || this.chat.link.value.is !== "open") return;
    const life = this.chat.connection.life;
    room.joining = true;
    const from = room.log ? { after: room.cursor, log: room.log } : this.chat.sender.cursorFor(room.name);
    const where = from ?? { history: 0 };
    const brought = room === this.chat.current.value && this.chat.invite ? { invite: this.chat.invite } : undefined;
    if (brought) this.chat.invite = "";
    const join = this.chat.connection.request({ type: "join", room: room.name, ...where, ...brought });
    const page = room.loaded.value ? null : this.chat.history.newest(room);
    try {
      const joined = await join;
      if (!room.wanted) return;
      const real = this.reallyNamed(room, joined.room);
      const known = real.loaded.value;
      real.entered(joined, from?.after);
      if (known && !real.loaded.value && !page) this.chat.say({ key: "afresh", room: real.name });
      this.keepRooms();
      /* Where a newcomer begins to read is to be known after a reload, too, however soon it comes. */
      if (joined.read < real.read) this.chat.reading.tellRead(real);
      await page;
      if (!real.loaded.value) await this.chat.history.newest(real);
    } catch (error) {
      this.notJoined(room, error as Error);
    } finally {
      if (life === this.chat.connection.life) room.joining = false;
    }
  }

  /** Whoever follows #LOBBY is in #lobby. */
  private reallyNamed(room: Room, name: string): Room {
    if (room.name === name) return room;
    const real = this.chat.roomOf(name);
    real.wanted = true;
    this.chat.rooms.value = this.chat.rooms.value.filter((one) => one !== room);
    if (room === this.chat.current.value) this.chat.current.value = real;
    return real;
  }

  /** It has another name: what is shown is read anew under that. */
  renamed(room: Room, name: string): void {
    const { wanted } = room;
    const real = this.reallyNamed(room, name);
    real.wanted = wanted;
    this.chat.sender.moved(room.name, name);
    moveDraft(room, real);
    this.keepRooms();
    if (real === this.chat.current.value) remember("room", name);
    if (wanted) void this.join(real);
  }

  /** All that was said there is gone. */
  purged(room: Room): void {
    if (!room.loaded.value) return;
    room.empty();
    void this.chat.history.newest(room);
  }

  private notJoined(room: Room, error: Error): void {
    if (!(error instanceof Refused)) return;
    if (error.passes) {
      this.chat.clock.setTimeout(() => room.wanted && void this.join(room), error.retryAfterMs ?? 2000);
      return;
    }
    if (room.isDirect && error.code === "room_not_found") {
      room.caughtUp.value = true;
      room.loaded.value = true;
      return;
    }
    this.chat.say({ key: "refused", room: room.name, error });
    if (this.chat.sender.refuseAll(room.name, error)) this.stayUnsent(room);
    else this.goOut(room, error.code === "room_not_found");
  }

  /** What could not be said is still to be read, copied or thrown away, though the room is not. */
  private stayUnsent(room: Room): void {
    room.wanted = false;
    room.loaded.value = true;
    this.keepRooms();
  }

  /** Who let one into a room that one has not looked at yet, over a reload; nobody: one has. */
  mark(room: Room, by = ""): void {
    const marks = recallAll<string>("invited");
    room.invited.value = by;
    if (by) marks[room.name] = by;
    else delete marks[room.name];
    remember("invited", marks);
  }

  /** Out of a room, for good or until one asks again: another one is shown. */
  goOut(room: Room, gone = false): void {
    room.wanted = false;
    this.mark(room);
    room.leftBehind();
    room.unread.value = room.mentioned.value = 0;
    this.keepRooms();
    if (gone) this.chat.rooms.value = this.chat.rooms.value.filter((one) => one !== room);
    if (room !== this.chat.current.value) return;
    const other = this.chat.rooms.value.find((one) => one.wanted);
    this.chat.current.value = null;
    this.chat.putOut = true;
    if (other) this.chat.show(other);
  }

  /** One was put out, and told why. What waits is not sent by coming back unasked. */
  kicked(room: Room, key: "kicked" | "banned", reason = ""): void {
    this.chat.say({ key, room: room.title, text: reason });
    this.chat.sender.refuseAll(room.name, new Refused(key, reason));
    this.goOut(room);
  }

  removed(name: string): void {
    const room = this.chat.known(name);
    if (!room) return;
    if (room.wanted && !room.isDirect) this.chat.say({ key: "removed", room: room.name });
    this.goOut(room, !this.chat.sender.refuseAll(name, new Refused("removed", "")));
  }

  keepRooms(): void {
    const names = this.chat.rooms.value.filter((room) => room.wanted && !room.isDirect).map((room) => room.name);
    remember("rooms", names);
  }

  async leave(room: Room): Promise<void> {
    this.chat.sender.refuseAll(room.name, new Refused("left", ""));
    /* A conversation of two is out of sight on all devices, until something is said in it. */
    if (!room.isDirect) remember("left", [...new Set([...recall<string[]>("left", []), room.name])].slice(-left_max));
    this.goOut(room, room.isDirect);
    await this.chat.connection.request({ type: "leave", room: room.name }).catch(() => undefined);
  }
}
