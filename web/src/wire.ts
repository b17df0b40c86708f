// hearth.v1 as this page speaks it: the printed types, and how a refusal and a loss are told.
import type { MemberLine as Member } from "./protocol.gen";

export type {
  AckReply as Ack,
  Answers,
  Bounds as Limits,
  Entry,
  Event,
  HistoryLine,
  HistoryReply as History,
  JoinedReply as Joined,
  NewcomersMode as Newcomers,
  ReactionLine,
  Request,
  Role,
  RoomLine,
  RoomRole,
  Visibility,
  WelcomeReply as Welcome,
} from "./protocol.gen";

/** Somebody in a room; presence tells less than who does. */
export type MemberLine = Partial<Member> & Pick<Member, "name" | "role">;

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
