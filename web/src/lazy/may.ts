// What a role allows: nothing is shown that would be refused. The table is protocol/permission.def.
import { least, ranks } from "../protocol.gen";
import type { Role, RoomRole } from "../wire";

type Operation = keyof typeof least;

export function may(role: Role, operation: Operation): boolean {
  return ranks.indexOf(role) >= ranks.indexOf(least[operation]);
}

/** What acts on another user needs a role above theirs. */
export function mayTo(role: Role, operation: Operation, theirs: Role): boolean {
  return may(role, operation) && ranks.indexOf(role) > ranks.indexOf(theirs);
}

/** The roles one may give: those below one's own. */
export function givable(role: Role): RoomRole[] {
  return (["moderator", "member", "guest"] as RoomRole[]).filter((one) => ranks.indexOf(one) < ranks.indexOf(role));
}
