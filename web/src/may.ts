// What a role allows, as daemon/core/permission.def says it: nothing is shown that would be refused.
import type { Role } from "./wire";

const ranks: readonly Role[] = ["guest", "member", "moderator", "owner", "admin"];

const least = {
  delete_others: "moderator",
  topic: "moderator",
  invite: "moderator",
  kick: "moderator",
  ban: "moderator",
  mute: "moderator",
  visibility: "owner",
  role: "owner",
  remove: "owner",
} as const;

type Operation = keyof typeof least;

export function may(role: Role, operation: Operation): boolean {
  return ranks.indexOf(role) >= ranks.indexOf(least[operation]);
}

/** What acts on another user needs a role above theirs. */
export function mayTo(role: Role, operation: Operation, theirs: Role): boolean {
  return may(role, operation) && ranks.indexOf(role) > ranks.indexOf(theirs);
}

/** The roles one may give: those below one's own. */
export function givable(role: Role): Role[] {
  return (["moderator", "member", "guest"] as Role[]).filter((one) => ranks.indexOf(one) < ranks.indexOf(role));
}
