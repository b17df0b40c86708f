// What a text that begins with a slash does.
import { chat, goRoom, open } from "../app";
import { draftOf, writeDraft } from "../drafts";
import type { Room } from "../room";
import { say, saySaid } from "../saying";
import { Refused } from "../wire";
import { t, why, type Key } from "../words";
import { goDirect } from "./ways";

interface Command {
  name: string;
  /** What has to follow, as the list shows it. */
  takes: "" | Key;
  words: Key;
  act(room: Room, rest: string): Promise<unknown> | void;
}

const split = (rest: string): [string, string] => {
  const [, name = "", text = ""] = /^(\S*)\s*([^]*)$/.exec(rest)!;
  return [name.replace(/^[@#]/, ""), text];
};

/** An emote, as anybody's page shows it: the whole line in italics. */
function emote(room: Room, rest: string): Promise<void> {
  const sign = rest.includes("*") ? "_" : "*";
  return say(room, `${sign}${chat.me.value!.name} ${rest}${sign}`);
}

function message(rest: string): Promise<void> {
  const [name, text] = split(rest);
  const room = chat.direct(name);
  goDirect(name);
  return text ? say(room, text) : Promise.resolve();
}

export const commands: readonly Command[] = [
  { name: "me", takes: "takesText", words: "commandMe", act: emote },
  { name: "nick", takes: "takesName", words: "commandNick", act: (_, name) => chat.do({ type: "rename", name }) },
  { name: "topic", takes: "takesText", words: "commandTopic", act: (room, topic) => chat.do({ type: "set", room: room.name, topic }) },
  { name: "invite", takes: "takesName", words: "commandInvite", act: (room, rest) => chat.do({ type: "invite", room: room.name, user: split(rest)[0] }) },
  { name: "join", takes: "takesRoom", words: "commandJoin", act: (_, rest) => goRoom(chat.roomOf(rest.replace(/^#\s*/, ""))) },
  { name: "msg", takes: "takesNameText", words: "commandMsg", act: (_, rest) => message(rest) },
  { name: "help", takes: "", words: "help", act: () => open({ part: "help" }) },
];

function refuse(text: string): void {
  chat.say({ key: "text", text });
}

/** Does it; the draft stays where it could not be done. */
export function command(room: Room, text: string): void {
  if (text.startsWith("//")) return saySaid(room, draftOf(room).peek(), text.slice(1));
  const [, word = "", rest = ""] = /^\/(\S+)\s*([^]*)$/.exec(text)!;
  const known = commands.find((one) => one.name === word.toLowerCase());
  if (!known) return refuse(t("commandUnknown", { command: "/" + word }));
  if (known.takes && !rest) return refuse(`/${known.name} ${t(known.takes)}`);
  const done = () => draftOf(room).peek().text.trim() === text && writeDraft(room, { text: "" });
  Promise.resolve(known.act(room, rest)).then(done, (error: Error) => refuse(error instanceof Refused ? why(error) : t("lost")));
}
