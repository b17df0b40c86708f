// The shapes of hearth.v1 as this page uses them, in the words of protocol/messages.def.

export type Role = "guest" | "member" | "moderator" | "owner" | "admin";

export interface RoomLine {
  name: string;
  topic: string;
  members: number;
  last: number;
  joined: boolean;
  role: Role;
  visibility: "public" | "private" | "direct";
  read: number;
  peer?: string;
}

export interface MemberLine {
  name: string;
  role: Role;
  account?: boolean;
  away?: boolean;
}

export interface ReactionLine {
  emoji: string;
  names: string[];
  count: number;
}

export interface HistoryLine {
  type: "message" | "topic";
  room: string;
  seq: number;
  ts: number;
  from: string;
  text?: string;
  nonce?: string;
  reply_to?: number;
  edited?: number;
  deleted?: boolean;
  guest?: boolean;
  via?: string;
  clock?: string;
  reactions?: ReactionLine[];
  snippet?: string;
}

interface EntryBase {
  room: string;
  seq: number;
  ts: number;
  from: string;
  nonce?: string;
  clock?: string;
}

export type Entry =
  | (EntryBase & {
      type: "message";
      text?: string;
      reply_to?: number;
      deleted?: boolean;
      guest?: boolean;
      via?: string;
    })
  | (EntryBase & { type: "edit"; target: number; text?: string })
  | (EntryBase & { type: "delete"; target: number })
  | (EntryBase & { type: "reaction"; target: number; emoji: string; on: boolean })
  | (EntryBase & { type: "topic"; text: string });

export interface Limits {
  frame_bytes: number;
  text_bytes: number;
  text_characters: number;
  name_characters: number;
}

export interface Welcome {
  type: "welcome";
  user: { name: string; account: boolean; role: Role };
  session: string;
  server: { name: string; version: string };
  time: number;
  limits: Limits;
  rooms: RoomLine[];
}

export interface Joined {
  type: "joined";
  room: string;
  topic: string;
  role: Role;
  log: string;
  first: number;
  last: number;
  read: number;
  members: number;
  reset: boolean;
  pruned: boolean;
}

export interface History {
  type: "history";
  room: string;
  messages: HistoryLine[];
  more: boolean;
}

export interface Ack {
  type: "ack";
  room: string;
  seq: number;
  ts: number;
  nonce?: string;
}

export type Event =
  | { type: "live"; room: string; seq: number }
  | { type: "presence"; room: string; joined: string[]; left: string[]; members: number }
  | { type: "typing"; room: string; names: string[] }
  | { type: "read"; room: string; seq: number }
  | {
      type: "room";
      change: "created" | "changed" | "removed";
      name: string;
      topic?: string;
      visibility?: RoomLine["visibility"];
      role?: Role;
      peer?: string;
    }
  | { type: "kicked"; room: string; banned?: boolean; reason?: string }
  | { type: "notice"; text: string }
  | { type: "lagged"; room: string; after: number; last: number };

/** A request that was refused. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly field?: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }

  /** Worth sending again as it is, later. */
  get passes(): boolean {
    return ["rate_limited", "storage_unavailable", "shutting_down", "server_full", "internal"].includes(
      this.code,
    );
  }
}

/** The connection ended before the answer came. */
export class Lost extends Error {}

/** Any frame, before it is known which. */
export type Frame = { type: string; ref?: number | string; [field: string]: any };
