// The name was lost, and with it who said what is still here: it may be said under the new one.
import type { Chat } from "../chat";
import { newNonce, type Outgoing } from "../outbox";
import { isText } from "../sender";

/** Two people's room is called by their names. */
function toPeer(chat: Chat, { room, to, files }: Outgoing, lost: string): Partial<Outgoing> {
  const peer = to ?? room.slice(1).split(",").find((name) => name !== lost)!;
  return { kind: files ? "send" : "direct", to: peer, room: chat.direct(peer).name, reply_to: undefined };
}

export function adopt(chat: Chat, lost: string): void {
  const user = chat.me.value!.name;
  if (lost === user) return;
  const failed = { code: "renamed", message: lost };
  for (const item of chat.sender.items.value.filter((one) => one.user === lost)) {
    chat.sender.settle(item.nonce);
    const where = item.room.startsWith("@") ? toPeer(chat, item, lost) : {};
    const files = item.files?.map((file) => ({ ...file, id: "", preview: undefined, upload: undefined }));
    if (isText(item)) void chat.sender.put({ ...item, ...where, files, user, nonce: newNonce(), tried: false, failed });
  }
}
