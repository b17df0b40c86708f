// A message is answered: what was being edited is as it was.
import { focusComposer, stopReply, writeDraft } from "../drafts";
import type { Room } from "../room";

export function startReply(room: Room, seq: number): void {
  stopReply(room);
  writeDraft(room, { reply: seq });
  focusComposer();
}
