// One room as this page sees it: what is shown, what is unread, who is here. Told by chat.ts.
import { computed, signal } from "@preact/signals";
import {
  apply,
  empty,
  find,
  gapRow,
  insert,
  keepNewest,
  keepOldest,
  merge,
  place,
  rowOfLine,
  type Row,
  type LogRange,
} from "./log";
import { calls } from "./markup";
import { Names } from "./mention";
import { ranks } from "./protocol.gen";
import type { Entry, Event, History, HistoryLine, Joined, MemberLine, Role, RoomLine } from "./wire";

const shown_max = 300;
const shown_scrolled_max = 600;
const tail = 60;

const below = (role: Role, least: Role) => ranks.indexOf(role) < ranks.indexOf(least);

export class Room {
  readonly topic = signal("");
  readonly role = signal<Role>("guest");
  readonly visibility = signal<RoomLine["visibility"]>("public");
  readonly peer = signal("");
  readonly members = signal(0);
  readonly people = signal<readonly MemberLine[] | null>(null);
  readonly typing = signal<readonly string[]>([]);

  /** The newest range, always kept; and another one while older messages are looked at. */
  readonly live = signal<LogRange>(empty);
  readonly detached = signal<LogRange | null>(null);
  readonly view = computed(() => this.detached.value ?? this.live.value);
  readonly loading = signal(false);

  /** In the room on this connection; and everything missed has been told. */
  readonly joined = signal(false);
  readonly caughtUp = signal(false);
  /** The newest page is here. */
  readonly loaded = signal(false);
  readonly unread = signal(0);
  /** There are more of them than are here to be counted. */
  readonly unreadMore = signal(false);
  readonly mentioned = signal(0);
  /** When somebody last spoke here (ms), as far as this page knows. */
  readonly newest = signal(0);
  /** New messages begin after this seq; -1 is no divider. */
  readonly divider = signal(-1);
  /** A row to show: looked for by the log view. */
  readonly target = signal<number>(0);
  /** The message that a jump under way leads to; 0: none. */
  aim = 0;
  /** Writing is refused until then (ms of the page's clock). */
  readonly quietUntil = signal(0);
  /** Slow mode: the next message is to wait until then (ms of the page's clock). */
  readonly slowUntil = signal(0);
  /** One may not speak until then (ms of the page's clock); 0: one may. */
  readonly mutedUntil = signal(0);
  /** It can be read only. */
  readonly archived = signal(false);
  /** Who let one into it, until one has looked. */
  readonly invited = signal("");
  /** From which role on one may speak. */
  readonly speak = signal<Role>("guest");
  readonly readOnly = computed(() => this.archived.value || below(this.role.value, this.speak.value));
  /** Between two messages of a user; 0: as fast as they like. */
  slowSeconds = 0;
  /** Messages that came by while one was reading further up. */
  readonly below = signal(0);

  /** Originals of replies that are not in view themselves. */
  readonly quotes = signal<ReadonlyMap<number, Row>>(new Map());
  /** How many messages the last catch-up brought. */
  readonly missed = signal(0);

  /** Who may be called here: everybody this page has met in the room. */
  readonly names = new Names();
  /** Rises with each new name. */
  readonly met = signal(0);

  /** What the gateway has counted, and up to where. */
  private counted: { unread: number; mentioned: number; last: number; read: number } | null = null;
  /** One has entered it before, here or on another device. */
  wasHere = false;

  private readonly wish = signal(false);
  joining = false;
  /** When "typing" was last told here (ms). */
  toldTyping = 0;
  missing = 0;
  stick = true;
  log = "";
  cursor = 0;
  /** Newest seq that the gateway has told of. */
  last = 0;
  read = 0;
  private asking = 0;
  private meanwhile: Entry[] = [];

  constructor(
    readonly name: string,
    private readonly me: () => string,
    private readonly now = Date.now,
    private readonly uid: () => string | undefined = () => undefined,
  ) {}

  /** Said by oneself, under whatever name. */
  mine({ uid, from }: { uid?: string; from: string }): boolean {
    const own = this.uid();
    return uid && own ? uid === own : from === this.me();
  }

  /** One wants to be in it, whether or not there is a connection. */
  get wanted(): boolean {
    return this.wish.value;
  }
  set wanted(wanted: boolean) {
    this.wish.value = wanted;
  }

  get title(): string {
    return this.peer.value || this.name;
  }

  /** As it is shown: a room's sign, or the name of who is spoken to. */
  get label(): string {
    return this.isDirect ? this.title : "# " + this.title;
  }

  get isDirect(): boolean {
    return this.visibility.value === "direct";
  }

  describe(line: Partial<RoomLine>): void {
    if (line.topic !== undefined) this.topic.value = line.topic;
    if (line.role) this.role.value = line.role;
    if (line.visibility) this.visibility.value = line.visibility;
    if (line.peer) this.peer.value = line.peer;
    if (line.speak) this.speak.value = line.speak;
    this.slowSeconds = line.slow_seconds ?? this.slowSeconds;
    if (line.members !== undefined) this.members.value = line.members;
    if (line.last !== undefined) this.last = Math.max(this.last, line.last);
    if (line.read !== undefined) this.read = Math.max(this.read, line.read);
    if (line.seen !== undefined) this.wasHere ||= line.seen;
    if (line.unread === undefined || line.last === undefined) return;
    this.counted = { unread: line.unread, mentioned: (this.isDirect ? line.unread : line.mentioned) ?? 0, last: line.last, read: this.read };
    this.count();
  }

  /** Whoever comes to a public room for the first time has missed nothing. What is said to oneself alone,
   * or in a room one was let into, is news; and where one has been, so is all that came since. */
  private comesFirst(): boolean {
    return !this.wasHere && !this.read && !this.loaded.value && this.visibility.value === "public";
  }

  /** join has been answered. What is shown may have to be read anew: then nothing is loaded. */
  entered(joined: Joined, cursor: number | undefined): void {
    this.describe({ speak: "guest", slow_seconds: 0, ...joined });
    this.archived.value = joined.archived ?? false;
    this.mute(joined.muted, joined.muted_ms);
    this.slow(joined.slow_ms ?? 0);
    this.joined.value = true;
    this.caughtUp.value = false;
    if (joined.reset || (this.log && this.log !== joined.log)) this.startAfresh();
    this.log = joined.log;
    if (joined.pruned && this.live.value.rows.length) {
      const rows = this.live.value.rows;
      const last = rows[rows.length - 1]!;
      if (last.kind !== "gap") this.setLive({ ...this.live.value, rows: insert(rows, gapRow(last.seq, last.ts)) });
    }
    if (!joined.reset) this.cursor = Math.max(this.cursor, cursor ?? joined.last);
    if (this.comesFirst()) this.read = joined.last;
    this.wasHere = true;
  }

  /** One may not speak for so long, or for ever; or may. */
  mute(on = false, ms = Infinity): void {
    this.mutedUntil.value = on ? this.now() + ms : 0;
  }

  /** Said something: in slow mode the next message waits, a moderator's never. */
  slow(ms = this.slowSeconds * 1000): void {
    this.slowUntil.value = ms && below(this.role.value, "moderator") ? this.now() + ms : 0;
  }

  /** Nothing is shown, and nothing is loaded. */
  empty(): void {
    this.live.value = empty;
    this.detached.value = null;
    this.loaded.value = false;
    this.divider.value = -1;
  }

  private startAfresh(): void {
    this.empty();
    this.cursor = 0;
    this.read = 0;
  }

  meet(names: Iterable<string>): void {
    let fresh = 0;
    for (const name of names) if (name && this.names.add(name)) fresh++;
    if (fresh) this.met.value = this.met.peek() + fresh;
  }

  /** Who was here when the room was asked for its people. */
  setPeople(people: readonly MemberLine[]): void {
    this.people.value = people;
    this.meet(people.map((one) => one.name));
  }

  /** Everything that was missed has been told. */
  caughtUpTo(seq: number): void {
    this.cursor = Math.max(this.cursor, seq);
    this.caughtUp.value = true;
    this.missed.value = this.missing;
    this.missing = 0;
  }

  leftBehind(): void {
    this.joining = false;
    this.joined.value = false;
    this.caughtUp.value = false;
    this.typing.value = [];
    this.asking = 0;
    this.meanwhile = [];
    this.loading.value = false;
  }

  /** One entry of the log, once. True when it was new. */
  told(entry: Entry): boolean {
    if (entry.seq <= this.cursor) return false;
    this.cursor = entry.seq;
    if (this.asking) this.meanwhile.push(entry);
    if (entry.type === "topic") this.topic.value = entry.text;
    if (entry.type === "message") this.newest.value = entry.ts;
    this.meet([entry.from]);
    this.requote(entry);
    this.setLive({ ...this.live.value, rows: this.after(this.live.value.rows, entry) });
    const detached = this.detached.value;
    if (detached && entry.type !== "message" && entry.type !== "topic") {
      this.detached.value = { ...detached, rows: this.after(detached.rows, entry) };
    }
    return true;
  }

  private after(rows: readonly Row[], entry: Entry): readonly Row[] {
    return apply(rows, entry, this.me(), this.mine(entry));
  }

  /** A row that is known without having been told: one's own, acknowledged. */
  put(row: Row): void {
    if (!find(this.live.value.rows, row.seq)) {
      this.setLive({ ...this.live.value, rows: insert(this.live.value.rows, row) });
    }
  }

  /** Changes rows wherever they are shown, ahead of the log. */
  applyOptimistically(entry: Entry): void {
    this.requote(entry);
    this.live.value = { ...this.live.value, rows: this.after(this.live.value.rows, entry) };
    const detached = this.detached.value;
    if (detached) this.detached.value = { ...detached, rows: this.after(detached.rows, entry) };
  }

  correct(line: HistoryLine): void {
    const row = rowOfLine(line);
    if (find(this.live.value.rows, row.seq)) {
      this.live.value = { ...this.live.value, rows: insert(this.live.value.rows, row) };
    }
    const detached = this.detached.value;
    if (detached && find(detached.rows, row.seq)) {
      this.detached.value = { ...detached, rows: insert(detached.rows, row) };
    }
  }

  /** The outermost seq that is shown on one side; 0 when nothing is. A gap's row is half a seq off. */
  edge(way: "before" | "after"): number {
    const { rows } = this.view.value;
    const row = rows[way === "before" ? 0 : rows.length - 1];
    return !row ? 0 : way === "before" ? Math.ceil(row.seq) : Math.floor(row.seq);
  }

  row(seq: number): Row | undefined {
    return find(this.view.value.rows, seq) ?? find(this.live.value.rows, seq);
  }

  /** An original that is not shown itself changes in the quotes of it. */
  private requote(entry: Entry): void {
    if (entry.type !== "edit" && entry.type !== "delete") return;
    const row = this.quotes.peek().get(entry.target);
    if (row) this.quotes.value = new Map(this.quotes.peek()).set(row.seq, apply([row], entry)[0]!);
  }

  /** Of some reactions to it not all names are known: one's own may be among them. */
  tellsNotAll(seq: number): boolean {
    return this.row(seq)?.reactions.some((one) => one.count > one.names.length) ?? false;
  }

  quoted(line: HistoryLine): void {
    this.quotes.value = new Map(this.quotes.value).set(line.seq, rowOfLine(line));
    if (this.mine(line)) this.count();
  }

  /** What a reply answers, if that is known. */
  original(seq: number): Row | undefined {
    return this.row(seq) ?? this.quotes.value.get(seq);
  }

  private setLive(live: LogRange): void {
    if (this.detached.value || this.stick) {
      this.live.value = keepNewest(live, shown_max);
    } else if (live.rows.length > shown_scrolled_max) {
      this.detached.value = keepOldest(live, shown_scrolled_max);
      this.live.value = keepNewest(live, tail);
    } else {
      this.live.value = live;
    }
  }

  /** Between asks() and answered(), entries are kept: a page may be older than they are. */
  asks(): void {
    this.asking++;
    this.loading.value = true;
  }

  private answered(rows: readonly Row[]): readonly Row[] {
    let result = rows;
    this.meet(rows.map((row) => row.from));
    for (const entry of this.meanwhile) {
      if (entry.type !== "message" && entry.type !== "topic") result = this.after(result, entry);
    }
    this.unasks();
    return result;
  }

  unasks(): void {
    this.asking = Math.max(0, this.asking - 1);
    if (!this.asking) {
      this.meanwhile = [];
      this.loading.value = false;
    }
  }

  newestPage(page: History): void {
    const rows = this.answered(merge(this.live.value.rows, page.messages.map(rowOfLine)));
    this.live.value = { rows, before: page.more, after: false };
    this.loaded.value = true;
    this.newest.value = Math.max(this.newest.value, rows[rows.length - 1]?.ts ?? 0);
    this.count();
  }

  olderPage(page: History): void {
    const view = this.view.value;
    const rows = this.answered(merge(page.messages.map(rowOfLine), view.rows));
    this.show({ rows, before: page.more, after: view.after });
  }

  newerPage(page: History): void {
    const view = this.view.value;
    const rows = this.answered(merge(view.rows, page.messages.map(rowOfLine)));
    if (page.more) {
      const kept = rows.slice(-shown_scrolled_max);
      this.show({ rows: kept, before: view.before || kept.length < rows.length, after: true });
      return;
    }
    this.newestReached({ rows, before: view.before, after: false });
  }

  /** Shows the messages around one that is not in view. */
  detachAround(older: History, newer: History, seq: number): void {
    const lines = [...older.messages, ...newer.messages];
    const rows = this.answered(lines.map(rowOfLine));
    this.stick = false;
    if (newer.more) this.detached.value = { rows, before: older.more, after: true };
    else this.newestReached({ rows, before: older.more, after: false });
    /* It may have been removed: then what comes next. */
    const near = rows[place(rows, seq)] ?? rows[rows.length - 1];
    this.target.value = near?.seq ?? 0;
  }

  /** What was looked at by itself has met the newest range. */
  private newestReached(range: LogRange): void {
    this.detached.value = null;
    this.live.value = { ...range, rows: merge(range.rows, this.live.value.rows) };
  }

  private show(range: LogRange): void {
    if (range.rows.length <= shown_scrolled_max) {
      if (this.detached.value) this.detached.value = range;
      else this.live.value = range;
      return;
    }
    if (!this.detached.value) this.live.value = keepNewest(this.live.value, tail);
    this.detached.value = keepOldest(range, shown_max);
  }

  toNewest(): void {
    this.aim = 0;
    this.detached.value = null;
    this.stick = true;
    this.live.value = keepNewest(this.live.value, shown_max);
    this.below.value = 0;
  }

  /** Read up to here, on this connection or another one. */
  readTo(seq: number): void {
    if (seq <= this.read) return;
    this.read = seq;
    this.count();
  }

  count(): void {
    let unread = 0;
    let mentioned = 0;
    let unreadSince = 0;
    let mentionedSince = 0;
    const { rows, before } = this.live.value;
    let i = rows.length - 1;
    const counted = this.counted?.read === this.read ? this.counted : null;
    for (; i >= 0 && rows[i]!.seq > this.read; i--) {
      const row = rows[i]!;
      if (!this.isNews(row)) continue;
      unread++;
      if (this.calls(row)) mentioned++;
      if (row.seq <= (counted?.last ?? -1)) continue;
      unreadSince++;
      if (this.calls(row)) mentionedSince++;
    }
    /* What is unread begins further up than what is here. */
    const partly = !this.loaded.value || (i < 0 && before);
    if (partly && counted) {
      unread = Math.max(unread, counted.unread + unreadSince);
      mentioned = Math.max(mentioned, counted.mentioned + mentionedSince);
    }
    this.unreadMore.value = partly && !counted && unread > 0;
    this.unread.value = unread;
    this.mentioned.value = mentioned;
  }

  /** What is unread begins further up than what is shown. */
  get beginsAbove(): boolean {
    const { rows, before } = this.live.value;
    return this.loaded.value && before && rows.length > 0 && rows[0]!.seq > this.read + 1;
  }

  /** The last unread message that is to oneself. */
  newestCall(): Row | undefined {
    const { rows } = this.live.value;
    const unread = rows.slice(place(rows, this.read + 1)).filter((row) => this.isNews(row));
    return unread.reverse().find((row) => this.calls(row));
  }

  private isNews(row: Row): boolean {
    return row.kind === "message" && !this.mine(row) && !row.deleted;
  }

  private calls(row: Row): boolean {
    return this.isDirect || this.namesMe(row);
  }

  /** The text has one's name in it, or answers what one has said. */
  namesMe(row: Row): boolean {
    const me = this.me();
    if (row.deleted || this.mine(row)) return false;
    this.meet([me]);
    const answered = row.reply && this.original(row.reply);
    return calls(row.text, this.names, me) || Boolean(answered && this.mine(answered));
  }

  presence(event: Event & { type: "presence" }): void {
    this.members.value = event.members;
    const people = this.people.value;
    this.meet(event.joined);
    if (!people) return;
    const left = new Set(event.left);
    const known = new Set(people.map((one) => one.name));
    const came = new Set(event.joined);
    this.people.value = [
      ...people.flatMap((one) => {
        if (came.has(one.name)) return [{ ...one, away: false }];
        if (!left.has(one.name)) return [one];
        return one.role === "guest" ? [] : [{ ...one, away: true }];
      }),
      ...event.joined.filter((name) => !known.has(name)).map((name) => ({ name, role: "guest" as const })),
    ];
  }
}
