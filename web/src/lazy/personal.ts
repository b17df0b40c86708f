// What the gateway tells of people: somebody is called otherwise, one is muted everywhere, a device asks to be let in or was let in.
import { open } from "../app";
import type { Chat } from "../chat";
import { remember } from "../memory";
import type { ClaimantReply, DeviceAddedEvent, Event, MutedEvent, RenamedEvent } from "../protocol.gen";
import { t, withWords } from "../words";
import { adopt } from "./adopt";

type Personal = MutedEvent | RenamedEvent | DeviceAddedEvent | ClaimantReply;

export function hearPersonal(chat: Chat, event: Event): void {
  const told = event as unknown as Personal;
  if (told.type === "renamed") renamed(chat, told);
  else if (told.type === "device_added") void withWords(Promise.resolve()).then(() => added(chat, told));
  else if (told.type === "muted") chat.rooms.peek().forEach((room) => room.mute(told.on, told.left_ms));
  else if (told.type === "claimant") chat.claimant.value = told;
}

function renamed(chat: Chat, { from, to }: RenamedEvent): void {
  const me = chat.me.peek();
  if (me?.name === from) {
    chat.me.value = { ...me, name: to };
    remember("me", chat.me.value);
    adopt(chat, from);
  }
  for (const room of chat.rooms.peek()) {
    const people = room.people.peek();
    if (people?.some((one) => one.name === from)) {
      room.people.value = people.map((one) => (one.name === from ? { ...one, name: to } : one));
    }
  }
}

function added(chat: Chat, { client, address }: DeviceAddedEvent): void {
  const text = t("deviceAdded", { client: client || t("someDevice"), address });
  chat.say({ key: "text", text, act: { words: "yourDevices", does: () => open({ part: "self" }) } });
}
