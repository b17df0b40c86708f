// Printed from protocol/messages.def by protocol/describe.c; not written by hand.

/** The client's own mark of a request, echoed in its reply. */
export type Ref = string | number;

export type Role =
  | "guest"
  | "member"
  | "moderator"
  | "owner"
  | "admin";

export type RoomRole =
  | "guest"
  | "member"
  | "moderator"
  | "owner";

export type GatewayRole =
  | "guest"
  | "member"
  | "moderator"
  | "admin";

export type Speaker =
  | "guest"
  | "member"
  | "moderator";

export type Visibility =
  | "public"
  | "private"
  | "direct";

export type EntryKind =
  | "message"
  | "edit"
  | "delete"
  | "reaction"
  | "topic";

export type Via =
  | "plain"
  | "webhook"
  | "irc"
  | "mqtt";

export type TokenRole =
  | "bridge"
  | "post"
  | "read"
  | "hook";

export type UserKind =
  | "bridge"
  | "bot";

export type SanctionKind =
  | "ban"
  | "mute";

export type SanctionScope =
  | "room"
  | "gateway";

export type SanctionReach =
  | "user"
  | "device";

export type Reach =
  | "keys"
  | "device"
  | "address";

export type NewcomersMode =
  | "open"
  | "ask"
  | "invite"
  | "closed";

export type Act =
  | "ban"
  | "mute"
  | "lift"
  | "kick"
  | "delete"
  | "erase"
  | "role"
  | "invite"
  | "set"
  | "remove"
  | "report"
  | "newcomers"
  | "admit"
  | "refuse"
  | "invite_link"
  | "revoke_link"
  | "edit"
  | "rename"
  | "free_name"
  | "sign_out"
  | "forget"
  | "password";

export type Change =
  | "created"
  | "changed"
  | "removed"
  | "purged";

export type LineType =
  | "message"
  | "topic";

export type EntryClock =
  | "unset";

export type ClockState =
  | "claimed"
  | "unset"
  | "given"
  | "synchronised";

export type LogLevel =
  | "error"
  | "warn"
  | "info"
  | "debug";

export type SettingSource =
  | "default"
  | "file"
  | "command_line";

export type YesNo =
  | "false"
  | "true";

export type ErrorCode =
  | "bad_json"
  | "bad_request"
  | "unknown_type"
  | "unauthorized"
  | "forbidden"
  | "name_taken"
  | "name_invalid"
  | "room_not_found"
  | "room_exists"
  | "not_joined"
  | "message_not_found"
  | "user_not_found"
  | "too_long"
  | "disk_quota"
  | "gone"
  | "head_too_long"
  | "method_unknown"
  | "rate_limited"
  | "too_many_rooms"
  | "room_full"
  | "server_full"
  | "muted"
  | "banned"
  | "storage_unavailable"
  | "shutting_down"
  | "internal";

/** The user of this connection. */
export interface Identity {
  /** Who: stays when the name changes. */
  uid: string;
  /** Name. */
  name: string;
  /** Has an account, not only a guest's key. */
  account: boolean;
  /** Role in the gateway: guest, member, moderator or admin. */
  role: Role;
  /** bridge or bot: of a token. A person if absent. */
  kind?: UserKind;
}

/** This gateway. */
export interface About {
  /** Its name. */
  name: string;
  /** Its version. */
  version: string;
}

/** What a client may do. */
export interface Bounds {
  /** Longest message a client may send. */
  frame_bytes: number;
  /** Longest text in bytes. */
  text_bytes: number;
  /** Longest text in characters. */
  text_characters: number;
  /** Longest name in characters. */
  name_characters: number;
  /** Rooms one connection may be in. */
  rooms_per_session: number;
  /** Larger rooms tell only the number of members. */
  presence_members: number;
  /** Entries among which a repeated nonce is recognised. */
  nonce_window: number;
  /** Longest file; absent: there are no files here. */
  file_bytes?: number;
  /** Files of one message; absent with file_bytes. */
  files_per_message?: number;
}

/** A room in a list. */
export interface RoomLine {
  /** Name; @A,B for a direct one. */
  name: string;
  /** Topic. */
  topic: string;
  /** Users here now. */
  members: number;
  /** Newest seq. */
  last: number;
  /** This connection is in it. */
  joined: boolean;
  /** This user's role there. */
  role: Role;
  /** public, private or direct. */
  visibility: Visibility;
  /** This user's read marker. */
  read: number;
  /** This user has been in it: read 0 is then no "never". */
  seen: boolean;
  /** Messages of others behind the marker, deleted ones left out; counted to 999. Of users only. */
  unread?: number;
  /** Those of them that mention this user, or answer one of their messages. */
  mentioned?: number;
  /** The other one of a direct room. */
  peer?: string;
  /** Retention leaves it alone. */
  keep?: boolean;
  /** Between two messages of a user; absent: as fast as they like. */
  slow_seconds?: number;
  /** Who may speak, when not everybody: member or moderator, and all above. */
  speak?: Speaker;
  /** It can be read only, and is listed for administrators only. */
  archived?: boolean;
}

/** An invitation into a private room that was not taken up. */
export interface InvitationLine {
  /** Room. */
  room: string;
  /** Who sent it, by the name of that time; an administrator is called as the gateway is. */
  by: string;
  /** When. */
  ts: number;
}

/** A user in a room. */
export interface MemberLine {
  /** Name. */
  name: string;
  /** Who; absent for a plain client. */
  uid?: string;
  /** Role in the room. */
  role: Role;
  /** Has an account. */
  account: boolean;
  /** Not here now; listed because of a role. */
  away: boolean;
  /** bridge or bot. A person if absent. */
  kind?: UserKind;
}

/** A user, for administrators. */
export interface UserLine {
  /** Who. */
  uid: string;
  /** Called. */
  name: string;
  /** In the gateway: guest, member, moderator or admin. */
  role: Role;
  /** Has an account. */
  account: boolean;
  /** How many come in as this user. */
  devices: number;
  /** When last, to half a day. */
  seen: number;
  /** Is connected now. */
  here: boolean;
  /** The name before, while it is held. */
  held?: string;
  /** Has a password. */
  has_password?: boolean;
  /** Has a recovery code. */
  has_recovery?: boolean;
}

/** Somebody whom this user has blocked. */
export interface BlockedLine {
  /** Who. */
  uid: string;
  /** Called. */
  name: string;
}

/** A device of this user. */
export interface DeviceLine {
  /** What forget_device calls it. */
  id: number;
  /** Which program it said it is. */
  client: string;
  /** Since when. */
  created: number;
  /** When it was here last, to half a day. */
  seen: number;
  /** The one that asks. */
  current: boolean;
}

/** A ban or a mute that is in force. */
export interface SanctionLine {
  /** For lift. */
  id: number;
  /** ban or mute. */
  kind: SanctionKind;
  /** Whom. */
  user: string;
  /** Only whom this bridge or hook shows so. */
  from?: string;
  /** Where; absent: in the gateway. */
  room?: string;
  /** By whom. */
  by?: string;
  /** When. */
  created?: number;
  /** For so long; absent when it has no end. */
  left_ms?: number;
  /** Why. */
  reason?: string;
  /** What it hits: keys, device, address. */
  reach: string[];
}

/** Who did what. */
export interface AuditLine {
  /** Higher ones are newer. */
  id: number;
  /** When. */
  ts: number;
  /** Who. */
  by: string;
  /** What. */
  act: Act;
  /** To whom. */
  user?: string;
  /** Where; absent: in the gateway. */
  room?: string;
  /** Why, or what besides. */
  reason?: string;
}

/** A connection. */
export interface SessionLine {
  /** For kick_session. */
  id: number;
  /** websocket, plain or http. */
  kind: string;
  /** Who; absent before hello. */
  user?: string;
  /** From where; absent: the admin socket. */
  address?: string;
  /** Which of the user's devices. */
  device?: number;
  /** For so long. */
  since_ms: number;
  /** Bytes that wait to be written. */
  waiting: number;
  /** The rooms that it is in. */
  rooms: string[];
}

/** An invite link in a list. Its code is not kept. */
export interface InviteLine {
  /** For revoke_link. */
  id: number;
  /** The private room that it lets into; absent: the gateway. */
  room?: string;
  /** So many may still come in by it. */
  uses: number;
  /** For so long; 0: it is over. */
  left_ms?: number;
  /** Who made it; absent: an administrator. */
  by?: string;
  /** When. */
  created: number;
}

/** Somebody who waits to be let in. */
export interface KnockLine {
  /** What they want to be called. */
  user: string;
  /** What they said. */
  text?: string;
}

/** One emoji under a message; at most 20 kinds, and 5 of one user. */
export interface ReactionLine {
  /** The emoji. */
  emoji: string;
  /** Who reacted so, as they are called now; at most 20, among them whoever asks. */
  names: string[];
  /** How many did. */
  count: number;
}

/** A file of a message. */
export interface FileLine {
  /** Opaque; for file_url and /files/{id}/{name}. */
  id: string;
  /** What it is called. */
  name: string;
  /** Its media type, by its bytes. */
  type: string;
  /** Bytes. */
  size: number;
  /** Of a picture, as it is shown. */
  width?: number;
  /** The same. */
  height?: number;
  /** The id of a small picture of it. */
  preview?: string;
  /** What it shows, in words. */
  alt?: string;
  /** Its bytes are no longer kept. */
  gone?: boolean;
}

/** A file, for administrators. */
export interface KeptFile {
  /** Higher ones are newer. */
  number: number;
  /** The file. */
  file: FileLine;
  /** Where it is. */
  room?: string;
  /** Who uploaded it; absent: an administrator, or somebody who has gone. */
  user?: string;
  /** The message that has it; absent: none yet, or one that is being removed. */
  seq?: number;
  /** When. */
  created: number;
}

/** What the files of a room or a user take. */
export interface FileUsage {
  /** Of the room or user. */
  name: string;
  /** How many. */
  files: number;
  /** So much. */
  bytes: number;
}

/** A file that a message is to have; its id alone, as a string, will do. */
export interface Attachment {
  /** Of a file that this user has uploaded into the room, and that no message has. */
  id: string;
  /** The same of a small picture of it. */
  preview?: string;
  /** What it shows, in words. */
  alt?: string;
}

/** A message with its edits, deletion and reactions applied. */
export interface HistoryLine {
  /** message or topic. */
  type: LineType;
  /** Room. */
  room: string;
  /** Place in the log. */
  seq: number;
  /** When. */
  ts: number;
  /** Who, as they were called then. */
  from: string;
  /** Who, whatever the name; absent where no user spoke. */
  uid?: string;
  /** What; absent when deleted. */
  text?: string;
  /** The sender's nonce. */
  nonce?: string;
  /** The message answered. */
  reply_to?: number;
  /** seq of the newest edit. */
  edited?: number;
  /** The text is gone. */
  deleted?: boolean;
  /** Written by a guest. */
  guest?: boolean;
  /** The bridge it came through. */
  via?: string;
  /** unset: the board did not know the time. */
  clock?: EntryClock;
  /** Its files, in the order said. */
  files?: FileLine[];
  /** Reactions. */
  reactions?: ReactionLine[];
  /** In search results: the text around the match. */
  snippet?: string;
}

/** One setting of the gateway. */
export interface SettingLine {
  /** group.name. */
  name: string;
  /** What counts now, as a text; words of a list between commas. */
  value: string;
  /** Where that was said: default, file or command_line. */
  source: SettingSource;
  /** Of the file; absent in a file that it includes. */
  line?: number;
  /** A change counts from the next start. */
  restart: boolean;
  /** Where compared: what it would be if it were read again, when that is something else. */
  next?: string;
}

/** A token in a list. */
export interface TokenLine {
  /** Its user. */
  name: string;
  /** bridge, post, read or hook. */
  role: TokenRole;
  /** Where it holds; in all public rooms if absent. */
  rooms?: string[];
  /** It is connected now. */
  here: boolean;
  /** When. */
  created: number;
}

/** What an entry is called where it comes from. */
export interface OriginLine {
  /** The entry. */
  seq: number;
  /** Its name there. */
  origin: string;
}

/** A cursor of a bridge or bot. */
export interface CursorLine {
  /** Its name. */
  name: string;
  /** Room. */
  room: string;
  /** The log id that seq belongs to. */
  log: string;
  /** Where it stands. */
  seq: number;
  /** Newest seq of the room. */
  last: number;
}

/** A bridge or bot in a list. */
export interface BridgeLine {
  /** Its user. */
  name: string;
  /** What its token allows. */
  role: TokenRole;
  /** It is connected now. */
  here: boolean;
  /** An administrator has paused it. */
  paused?: boolean;
  /** Entries beyond its cursors, counted to 100000 each. */
  behind: number;
  /** How old the oldest of them is. */
  behind_ms?: number;
  /** What it said last of how it is doing; absent, too, when it has said nothing. */
  ok?: boolean;
  /** The same in words. */
  text?: string;
  /** When it said so. */
  since?: number;
}

/** A hook in a list. */
export interface HookLine {
  /** Its name. */
  name: string;
  /** Its room; absent when that was removed. */
  room?: string;
  /** What is posted has to be signed. */
  secret: boolean;
  /** When. */
  created: number;
}

/** A log entry as exported: everything that is kept of it. */
export interface Row {
  /** message, edit, delete, reaction or topic. */
  kind: EntryKind;
  /** Place in the log. */
  seq: number;
  /** When. */
  ts: number;
  /** Who. */
  from: string;
  /** Text. */
  text?: string;
  /** The sender's nonce. */
  nonce?: string;
  /** The message meant or answered. */
  target?: number;
  /** Of a reaction. */
  emoji?: string;
  /** Of a reaction. */
  on?: boolean;
  /** By a guest. */
  guest?: boolean;
  /** The text is gone. */
  deleted?: boolean;
  /** The bridge it came through. */
  via?: string;
  /** What it is called where it comes from. */
  origin?: string;
  /** unset: the board did not know the time. */
  clock?: EntryClock;
  /** Of a message. To import: files that the administrator has uploaded into the room, and those that are gone. */
  files?: FileLine[];
}

/** Who is speaking; the first frame of every connection. */
export interface HelloRequest {
  type: "hello";
  ref?: Ref;
  /** The name wanted; needed unless session or token names the user. */
  name?: string;
  /** Of the user called name: a new device of theirs. A session that is known counts before it. */
  password?: string;
  /** Of a bridge or bot; else another word for session. */
  token?: string;
  /** A guest's key from an earlier welcome. */
  session?: string;
  /** Of an offer or a move: this device is to come in as that user. */
  code?: string;
  /** The recovery code of a user: a new device of theirs. */
  recovery?: string;
  /** The code of an invite link: it lets in whom nobody here knows, unless the door is closed. */
  invite?: string;
  /** Free text: which program this is. */
  client?: string;
}

/** List the rooms: as many as limits.rooms_listed and 64 KiB allow. */
export interface RoomsRequest {
  type: "rooms";
  ref?: Ref;
  /** Only those with this in their name, in any case. */
  query?: string;
  /** Go on behind this room, the last of the list before. */
  after?: string;
  /** For administrators: only those without a word, a topic, or a role given to anybody but who owns it. */
  empty?: boolean;
}

/** Enter a room and read its log from a cursor. */
export interface JoinRequest {
  type: "join";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Cursor: the newest seq already seen. */
  after?: number;
  /** The log id the cursor belongs to. */
  log?: string;
  /** Instead of a cursor: the newest so many entries; 50 if absent. */
  history?: number;
  /** The code of an invite link of this private room; not looked at when the user may enter without. */
  invite?: string;
}

/** Leave a room, or decline an invitation into it. */
export interface LeaveRequest {
  type: "leave";
  ref?: Ref;
  /** Room. */
  room: string;
}

/** Say something. */
export interface SendRequest {
  type: "send";
  ref?: Ref;
  /** Room. */
  room: string;
  /** What is said; with files it may be empty or absent. */
  text?: string;
  /** Makes sending safe to repeat. */
  nonce: string;
  /** The message answered. */
  reply_to?: number;
  /** The newest seq known when this was first said: a repeat is recognised from there on. */
  since?: number;
  /** The log id that since belongs to. */
  log?: string;
  /** At most 8, which go with the message when it goes. */
  files?: Attachment[];
  /** Of a bridge: who said it; cleaned, cut, and made unlike any user's name. */
  as?: string;
  /** Of a bridge: what it came through; of a-z, 0-9 and -. */
  via?: string;
  /** Of a bridge: what this is called where it comes from. Stored once in a room. */
  origin?: string;
  /** Of a bridge: instead of reply_to, what the message is called where it comes from. */
  target_origin?: string;
}

/** Change the text of a message. */
export interface EditRequest {
  type: "edit";
  ref?: Ref;
  /** Room. */
  room: string;
  /** The message. */
  target?: number;
  /** The new text. */
  text: string;
  /** Makes editing safe to repeat. */
  nonce?: string;
  /** The newest seq known when this was first said: a repeat is recognised from there on. */
  since?: number;
  /** The log id that since belongs to. */
  log?: string;
  /** Of a bridge: who said it; cleaned, cut, and made unlike any user's name. */
  as?: string;
  /** Of a bridge: what it came through; of a-z, 0-9 and -. */
  via?: string;
  /** Of a bridge: what this is called where it comes from. Stored once in a room. */
  origin?: string;
  /** Of a bridge: instead of target, what the message is called where it comes from. */
  target_origin?: string;
}

/** Remove the text of a message, for good. */
export interface DeleteRequest {
  type: "delete";
  ref?: Ref;
  /** Room. */
  room: string;
  /** The message. */
  target?: number;
  /** Makes deleting safe to repeat. */
  nonce?: string;
  /** The newest seq known when this was first said: a repeat is recognised from there on. */
  since?: number;
  /** The log id that since belongs to. */
  log?: string;
  /** Of a bridge: who said it; cleaned, cut, and made unlike any user's name. */
  as?: string;
  /** Of a bridge: what it came through; of a-z, 0-9 and -. */
  via?: string;
  /** Of a bridge: what this is called where it comes from. Stored once in a room. */
  origin?: string;
  /** Of a bridge: instead of target, what the message is called where it comes from. */
  target_origin?: string;
}

/** Put an emoji under a message, or take it away. */
export interface ReactRequest {
  type: "react";
  ref?: Ref;
  /** Room. */
  room: string;
  /** The message. */
  target?: number;
  /** One emoji (UTS 51); kept with U+FE0F where it needs it, however it is spelled. */
  emoji: string;
  /** Put or take away. */
  on: boolean;
  /** Makes reacting safe to repeat. */
  nonce?: string;
  /** The newest seq known when this was first said: a repeat is recognised from there on. */
  since?: number;
  /** The log id that since belongs to. */
  log?: string;
  /** Of a bridge: who said it; cleaned, cut, and made unlike any user's name. */
  as?: string;
  /** Of a bridge: what it came through; of a-z, 0-9 and -. */
  via?: string;
  /** Of a bridge: what this is called where it comes from. Stored once in a room. */
  origin?: string;
  /** Of a bridge: instead of target, what the message is called where it comes from. */
  target_origin?: string;
}

/** Say something to one user. */
export interface DirectRequest {
  type: "direct";
  ref?: Ref;
  /** The user. */
  to: string;
  /** What is said. */
  text: string;
  /** Makes sending safe to repeat. */
  nonce: string;
  /** The newest seq known when this was first said: a repeat is recognised from there on. */
  since?: number;
  /** The log id that since belongs to. */
  log?: string;
}

/** Which of a bridge's own entries is called what where it comes from. */
export interface OriginsRequest {
  type: "origins";
  ref?: Ref;
  /** Room. */
  room: string;
  /** These entries; at most 200. */
  seqs?: number[];
  /** Or those called so. */
  origins?: string[];
}

/** A bridge or bot has got so far: kept under a name of its own for each room. */
export interface CursorRequest {
  type: "cursor";
  ref?: Ref;
  /** Of the cursor. */
  name: string;
  /** Room. */
  room: string;
  /** The log id that seq belongs to. */
  log?: string;
  /** Newest seq that need not be told again. */
  seq: number;
}

/** The cursors of this bridge or bot. */
export interface CursorsRequest {
  type: "cursors";
  ref?: Ref;
}

/** How a bridge is doing, for administrators. */
export interface BridgeStateRequest {
  type: "bridge_state";
  ref?: Ref;
  /** In words. */
  text: string;
  /** It does what it should. */
  ok: boolean;
}

/** Read a page of a room, edits and deletions applied. */
export interface HistoryRequest {
  type: "history";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Messages older than this seq. */
  before?: number;
  /** Messages newer than this seq. */
  after?: number;
  /** At most so many; 50 if absent. */
  limit?: number;
}

/** Find messages by their text, folded: İ and i, ß and ss are one, and accents that the query does not write are passed over. */
export interface SearchRequest {
  type: "search";
  ref?: Ref;
  /** What to find; without it all that from said. */
  query?: string;
  /** Only in this room. */
  room?: string;
  /** Only by this user. */
  from?: string;
  /** Only older than this time (ms). */
  before?: number;
  /** Where the page before ended: next of its reply. */
  next?: string;
  /** At most so many; 50 if absent. */
  limit?: number;
}

/** Begin to upload a file: the way of POST .../files?size=N, whose bytes then come by HTTP. */
export interface UploadRequest {
  type: "upload";
  ref?: Ref;
  /** The room that it is for. */
  room: string;
  /** Its bytes. */
  size: number;
  /** What it is called. */
  name?: string;
}

/** How far an upload of this user has got. */
export interface UploadStateRequest {
  type: "upload_state";
  ref?: Ref;
  /** Of the upload. */
  id: string;
  /** Where the next bytes begin. If the upload stands there they come from here, and a connection that is sending some is cut off. */
  resume?: number;
  /** It is not wanted any more. */
  forget?: boolean;
}

/** A path by which a file can be read without a key in the head of the request. */
export interface FileUrlRequest {
  type: "file_url";
  ref?: Ref;
  /** Of the file. */
  id: string;
}

/** Whether this user may read a file, and what it is. */
export interface FileRequest {
  type: "file";
  ref?: Ref;
  /** Of the file. */
  id: string;
  /** Of the path of a file_url: its user asks, whoever this is. */
  key?: string;
}

/** This user is writing, or stopped. */
export interface TypingRequest {
  type: "typing";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Writing or not. */
  on: boolean;
}

/** This user has read up to here. */
export interface ReadRequest {
  type: "read";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Newest seq read. */
  seq: number;
}

/** What this user is writing here. Kept in memory for their other devices: told to them at once, and with joined. */
export interface DraftRequest {
  type: "draft";
  ref?: Ref;
  /** Room. */
  room: string;
  /** All of it; empty when it was said or deleted. */
  text: string;
  /** The message that it answers. */
  reply_to?: number;
  /** The one that it was written over, as told last. Where another stands that has words, that one is the reply, and stays. */
  version?: number;
}

/** List the members of a room. */
export interface WhoRequest {
  type: "who";
  ref?: Ref;
  /** Room. */
  room: string;
}

/** Make a room and own it. */
export interface CreateRequest {
  type: "create";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Topic. */
  topic?: string;
  /** public (default) or private: by invitation only. */
  visibility?: Visibility;
}

/** Change a room. */
export interface SetRequest {
  type: "set";
  ref?: Ref;
  /** Room. */
  room: string;
  /** A new name. The log and everybody's roles stay; until another room takes the old name, it finds the room, too. */
  name?: string;
  /** Topic; becomes an entry of the log. */
  topic?: string;
  /** public or private. */
  visibility?: Visibility;
  /** true or false: retention leaves the room alone (administrators). */
  keep?: YesNo;
  /** Least time between two messages of a user below moderator; 0: none. */
  slow_seconds?: number;
  /** Who may speak: guest (everybody), member or moderator, and all above. */
  speak?: Speaker;
  /** true: the room can be read only, and is no longer listed; false: it is as before. */
  archived?: YesNo;
}

/** Remove a room and its log, for good. */
export interface RemoveRequest {
  type: "remove";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Only if there is still nothing in it, as rooms with empty lists them. */
  empty?: boolean;
}

/** Remove everything that was said in a room, for good. The room, its people and their roles stay. */
export interface PurgeRequest {
  type: "purge";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Only a step: some hundreds of the oldest entries, up to this seq; 0 is the newest there is. Repeated with what the answer says until more is false. */
  up_to?: number;
}

/** Let a user into a private room. */
export interface InviteRequest {
  type: "invite";
  ref?: Ref;
  /** Room. */
  room: string;
  /** User. */
  user: string;
}

/** Put a user out of a room, who may come back. */
export interface KickRequest {
  type: "kick";
  ref?: Ref;
  /** Room. */
  room: string;
  /** User. */
  user: string;
  /** Told to the user. */
  reason?: string;
}

/** Put a user, or a plain client (client-7), out of a room or of the gateway, and keep them out. */
export interface BanRequest {
  type: "ban";
  ref?: Ref;
  /** Room; needed unless scope is gateway. */
  room?: string;
  /** User; or */
  user?: string;
  /** by uid: of a bridge or hook, with from. */
  uid?: string;
  /** Only whom this bridge or hook shows so: nothing that it brings of them is taken any more. */
  from?: string;
  /** For so long; for ever if absent, 30 days with reach device. */
  seconds?: number;
  /** room (default) or gateway (moderators of the gateway). */
  scope?: SanctionScope;
  /** user (default), or device: the devices or addresses of the last day, too; at most 30 days (moderators of the gateway). */
  reach?: SanctionReach;
  /** Told to the user. */
  reason?: string;
}

/** Let a banned user in again. */
export interface UnbanRequest {
  type: "unban";
  ref?: Ref;
  /** Room. */
  room: string;
  /** User; or */
  user?: string;
  /** As in ban. */
  uid?: string;
  /** As in ban. */
  from?: string;
}

/** Let a user read and not speak. */
export interface MuteRequest {
  type: "mute";
  ref?: Ref;
  /** Room; needed unless scope is gateway. */
  room?: string;
  /** User; or */
  user?: string;
  /** As in ban. */
  uid?: string;
  /** As in ban. */
  from?: string;
  /** For so long; for ever if absent, 30 days with reach device; 0 lets them speak again. */
  seconds?: number;
  /** As in ban. */
  scope?: SanctionScope;
  /** As in ban. */
  reach?: SanctionReach;
  /** Told to the user. */
  reason?: string;
}

/** List the bans and mutes that are in force: of a room for its moderators, or of the gateway and its public rooms for the gateway's. */
export interface SanctionsRequest {
  type: "sanctions";
  ref?: Ref;
  /** Only of this room. */
  room?: string;
}

/** End a ban or a mute. */
export interface LiftRequest {
  type: "lift";
  ref?: Ref;
  /** Its id, from sanctions or from the reply to ban or mute. */
  id: number;
}

/** Delete what a user, or a plain client, said, for good: message by message, as delete does. Event erasing tells how far it is. */
export interface EraseRequest {
  type: "erase";
  ref?: Ref;
  /** Whose messages. */
  user: string;
  /** In this room; absent: in every room in which one is a moderator (moderators of the gateway). */
  room?: string;
  /** Only what was said in so long; absent: all. */
  last_ms?: number;
}

/** Who is connected, from where; for administrators. */
export interface SessionsRequest {
  type: "sessions";
  ref?: Ref;
}

/** Close a connection; for administrators. */
export interface KickSessionRequest {
  type: "kick_session";
  ref?: Ref;
  /** Of sessions. */
  id: number;
  /** For the audit. */
  reason?: string;
}

/** What becomes of those whom nobody here knows; without mode: what it is. For moderators of the gateway. */
export interface NewcomersRequest {
  type: "newcomers";
  ref?: Ref;
  /** open: they come in; ask: they read the first room and wait until somebody lets them in; invite: a code is needed; closed: nobody new. */
  mode?: NewcomersMode;
  /** Who said something before this time is known; now if absent. */
  spoke_before_ms?: number;
  /** With mode: for so long, then what holds without an end holds again; for good if absent. */
  seconds?: number;
}

/** Of a user who waits: say something to the moderators. */
export interface KnockRequest {
  type: "knock";
  ref?: Ref;
  /** Who one is, say. */
  text?: string;
}

/** List those who wait; for moderators of the gateway. */
export interface KnocksRequest {
  type: "knocks";
  ref?: Ref;
}

/** Let a user in who waits, or not; for moderators of the gateway. */
export interface AdmitRequest {
  type: "admit";
  ref?: Ref;
  /** Who knocked. */
  user: string;
  /** Let in; else refused. */
  accept: boolean;
}

/** Tell the moderators of a room of a message. */
export interface ReportRequest {
  type: "report";
  ref?: Ref;
  /** Room. */
  room: string;
  /** The message. */
  target: number;
  /** Why. */
  reason?: string;
}

/** Who did what to whom, where and why: of a room for its moderators, or of the gateway and its public rooms for the gateway's. */
export interface AuditRequest {
  type: "audit";
  ref?: Ref;
  /** Only of this room. */
  room?: string;
  /** Only lines with a lower id. */
  before?: number;
  /** At most so many; 50 if absent. */
  limit?: number;
}

/** Give a user a role in a room. */
export interface RoleRequest {
  type: "role";
  ref?: Ref;
  /** Room. */
  room: string;
  /** User. */
  user: string;
  /** owner, moderator, member or guest. */
  role: RoomRole;
}

/** Have a password, who had none: it signs in on any device, and the name is kept. */
export interface RegisterRequest {
  type: "register";
  ref?: Ref;
  /** Password. */
  password: string;
}

/** Change the password. The user's other devices are signed out: their connections are closed with 4001. */
export interface PasswordRequest {
  type: "password";
  ref?: Ref;
  /** Old password. */
  old: string;
  /** New password. */
  new: string;
}

/** Be called otherwise. Roles, rooms, conversations and read markers stay. */
export interface RenameRequest {
  type: "rename";
  ref?: Ref;
  /** The new name. */
  name: string;
}

/** List the devices that come in as this user. */
export interface DevicesRequest {
  type: "devices";
  ref?: Ref;
}

/** Sign a device out, for good; its connections are closed with 4001. */
export interface ForgetDeviceRequest {
  type: "forget_device";
  ref?: Ref;
  /** Which, of devices. */
  id: number;
}

/** Make a link by which others come in: into the gateway, for its moderators; or into a private room, for the room's. */
export interface InviteLinkRequest {
  type: "invite_link";
  ref?: Ref;
  /** The private room; the gateway if absent. */
  room?: string;
  /** So many may come in by it; 1 if absent. */
  uses?: number;
  /** For so long; 24 if absent. What counts is the time that elapses, over restarts. */
  hours?: number;
}

/** List the invite links of a room, for its moderators, or of the gateway, for the gateway's; an administrator who names no room sees all. */
export interface InviteLinksRequest {
  type: "invite_links";
  ref?: Ref;
  /** Only of this room. */
  room?: string;
}

/** An invite link lets in nobody any more. Who has come in by it stays. */
export interface RevokeLinkRequest {
  type: "revoke_link";
  ref?: Ref;
  /** The room that it is for; the gateway if absent. An administrator need not say. */
  room?: string;
  /** Which, by its number in invite_links. */
  id?: number;
  /** Or by its code. */
  code?: string;
}

/** Instead of hello, on a new device: wait to be let in by a device that is signed in. */
export interface ClaimRequest {
  type: "claim";
  ref?: Ref;
  /** Free text: which program this is. */
  client?: string;
}

/** Let a device in that has claimed: first its code alone tells what it is, then with digits and accept. */
export interface ApproveRequest {
  type: "approve";
  ref?: Ref;
  /** The code that the new device shows. */
  code: string;
  /** The two digits that it shows besides. */
  digits?: string;
  /** Let it in; false or absent with digits: do not. */
  accept?: boolean;
}

/** Make a code for a new device; with the code of one that has come by it: let it in or not. */
export interface OfferRequest {
  type: "offer";
  ref?: Ref;
  /** The code that was offered. */
  code?: string;
  /** Let the device in; false or absent: do not. */
  accept?: boolean;
}

/** Make a code by which this browser comes in once at another address of this gateway. */
export interface MoveRequest {
  type: "move";
  ref?: Ref;
}

/** Make a recovery code; one from before is void. */
export interface RecoveryRequest {
  type: "recovery";
  ref?: Ref;
}

/** Hear no more of a user: direct messages and invitations of theirs are forbidden. For all of one's devices. */
export interface BlockRequest {
  type: "block";
  ref?: Ref;
  /** Whom; or */
  uid?: string;
  /** by name. */
  user?: string;
  /** Block, or no more. */
  on: boolean;
}

/** List whom one has blocked. */
export interface BlockedRequest {
  type: "blocked";
  ref?: Ref;
}

/** List the users, by name; for administrators. */
export interface UsersRequest {
  type: "users";
  ref?: Ref;
  /** Only those with this in their name, in any case. */
  query?: string;
  /** Go on behind this user. */
  after?: string;
  /** At most so many; 100 if absent. */
  limit?: number;
}

/** Show a user, or change one thing; for administrators. */
export interface UserRequest {
  type: "user";
  ref?: Ref;
  /** Called. */
  user: string;
  /** In the gateway from now on: guest, member, moderator or admin. */
  role?: GatewayRole;
  /** Called so from now on. */
  rename?: string;
  /** The name is nobody's any more: a held one, or one that is in use. */
  free_name?: boolean;
  /** The password from now on; who had one is signed out everywhere. */
  password?: string;
  /** No device comes in as this user any more. */
  sign_out?: boolean;
  /** The user goes for good, and so do their direct conversations. */
  forget?: boolean;
}

/** Forget the key of this device; its other connections are closed with 4001. */
export interface LogoutRequest {
  type: "logout";
  ref?: Ref;
}

/** Is anybody there? */
export interface PingRequest {
  type: "ping";
  ref?: Ref;
}

/** What time it is for the gateway and who vouches for it; for administrators, who may also give it. */
export interface ClockRequest {
  type: "clock";
  ref?: Ref;
  /** What time it is: used until the system's clock is synchronised. */
  time?: number;
}

/** Figures for the administrator; on the admin socket only, as are the next eleven. */
export interface StatusRequest {
  type: "status";
  ref?: Ref;
}

/** The settings that count, and where each was said. */
export interface SettingsRequest {
  type: "settings";
  ref?: Ref;
  /** Read the configuration, too, and tell where it says something else. */
  compare?: boolean;
}

/** Read the configuration again. When it is wrong, the error says where, and nothing has changed. */
export interface ReloadRequest {
  type: "reload";
  ref?: Ref;
  /** Only tell what would change. */
  check?: boolean;
}

/** How much the log tells; a level that is given counts until the next reload or start. */
export interface LogLevelRequest {
  type: "log_level";
  ref?: Ref;
  /** error, warn, info or debug. */
  level?: LogLevel;
}

/** List the tokens. */
export interface TokensRequest {
  type: "tokens";
  ref?: Ref;
}

/** Make a token, and the bridge or bot whose it is. */
export interface TokenRequest {
  type: "token";
  ref?: Ref;
  /** Name of that user. One whose token was revoked gets a new one, and goes on. */
  name: string;
  /** bridge: reads, and brings what others said elsewhere; post: only says something; read: only reads. */
  role: TokenRole;
  /** Where it holds; in all public rooms if absent. */
  rooms?: string[];
}

/** A bridge or bot carries nothing, or again. What it asks meanwhile is answered rate_limited; nothing is lost. */
export interface BridgePauseRequest {
  type: "bridge_pause";
  ref?: Ref;
  /** Its name. */
  name: string;
  /** Pause, or go on. */
  on: boolean;
}

/** Put the cursors of a bridge or bot back, so that it is told again what was said since. */
export interface BridgeReplayRequest {
  type: "bridge_replay";
  ref?: Ref;
  /** Its name. */
  name: string;
  /** Only in this room. */
  room?: string;
  /** What was said in so long. */
  last_ms: number;
}

/** List the hooks. */
export interface HooksRequest {
  type: "hooks";
  ref?: Ref;
}

/** Make an address to which other programs post what becomes messages of a room. */
export interface HookRequest {
  type: "hook";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Who says it, unless the program says who. */
  name: string;
  /** Make a secret, with which the program has to sign. */
  secret?: boolean;
}

/** A hook takes nothing any more. */
export interface HookRemoveRequest {
  type: "hook_remove";
  ref?: Ref;
  /** Its name. */
  name: string;
}

/** Let a hook say something in its room. */
export interface HookTestRequest {
  type: "hook_test";
  ref?: Ref;
  /** Its name. */
  name: string;
}

/** How the bridges and bots are doing, and how far they are behind. */
export interface BridgesRequest {
  type: "bridges";
  ref?: Ref;
}

/** A token opens nothing any more, within a second. */
export interface RevokeRequest {
  type: "revoke";
  ref?: Ref;
  /** Its user. */
  name: string;
}

/** List files, the newest first. */
export interface FilesRequest {
  type: "files";
  ref?: Ref;
  /** Only of this room. */
  room?: string;
  /** Only this one. */
  id?: string;
  /** Only those with a lower number. */
  before?: number;
  /** At most so many; 100 if absent. */
  limit?: number;
}

/** The bytes of a file go for good; its message says so. */
export interface FileRemoveRequest {
  type: "file_remove";
  ref?: Ref;
  /** Of the file. */
  id: string;
}

/** Tell everybody who is here a sentence; it is not kept. */
export interface NoticeRequest {
  type: "notice";
  ref?: Ref;
  /** The sentence. */
  text: string;
}

/** Copy the database to a file while running, without the files of messages; the stream of GET /admin/v1/backup, which hearthctl backup keeps, carries them. */
export interface BackupRequest {
  type: "backup";
  ref?: Ref;
  /** Absolute path of a file on the gateway's machine. */
  path: string;
  /** Replace a file that is there. */
  overwrite?: boolean;
}

/** Check a copy of the database, put it in its place and start again. Files that are not here then are gone; the stream to /admin/v1/restore, which hearthctl restore sends, brings them. */
export interface RestoreRequest {
  type: "restore";
  ref?: Ref;
  /** Absolute path of a file on the gateway's machine. */
  path: string;
  /** Needed when the database has messages; it is set aside, not removed. */
  overwrite?: boolean;
}

/** A page of a room's log as rows, kept as they are. */
export interface ExportRequest {
  type: "export";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Rows newer than this seq. */
  after?: number;
  /** At most so many; 500 if absent. */
  limit?: number;
}

/** Put rows of an export into a room's log, as they are. */
export interface ImportRequest {
  type: "import";
  ref?: Ref;
  /** Room; made if it does not exist. Rows must follow what it has. */
  room: string;
  /** At most 1000. */
  rows: Row[];
}

/** The request was refused. */
export interface ErrorReply {
  type: "error";
  ref?: Ref;
  /** One of the closed list. */
  error_code: ErrorCode;
  /** A sentence for people. */
  message: string;
  /** The field that is wrong. */
  field?: string;
  /** Try again after so long. */
  retry_after_ms?: number;
}

/** To hello. */
export interface WelcomeReply {
  type: "welcome";
  ref?: Ref;
  /** Who you are. */
  user: Identity;
  /** Key to come back with; keep it secret. */
  session: string;
  /** This gateway. */
  server: About;
  /** The gateway's clock. */
  time: number;
  /** What a client may do. */
  limits: Bounds;
  /** Where whoever is new goes. */
  first_room: string;
  /** What becomes of those whom nobody here knows. */
  newcomers?: NewcomersMode;
  /** This user is one of them: reads the first room and waits to be let in. */
  waiting?: boolean;
  /** This user may create rooms. */
  may_create: boolean;
  /** How many devices come in as this user. */
  devices: number;
  /** This user has a password. */
  has_password: boolean;
  /** This user may have one: register. */
  may_register: boolean;
  /** This user has a recovery code. */
  has_recovery: boolean;
  /** Those that wait for this user, the newest first: at most limits.invitations. */
  invitations: InvitationLine[];
  /** The rooms, as rooms lists them. */
  rooms: RoomLine[];
  /** There are more rooms: rooms with after lists them. */
  more: boolean;
}

/** To rooms. */
export interface RoomsReply {
  type: "rooms";
  ref?: Ref;
  /** The user's own, then those with the newest entries. */
  rooms: RoomLine[];
  /** There are more. */
  more: boolean;
}

/** To join; the missed entries follow, then live, then new entries. */
export interface JoinedReply {
  type: "joined";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Topic. */
  topic: string;
  /** This user's role there. */
  role: Role;
  /** Log id. */
  log: string;
  /** Oldest seq kept; 0 when empty. */
  first: number;
  /** Newest seq; 0 when empty. */
  last: number;
  /** This user's read marker. */
  read: number;
  /** Users here now. */
  members: number;
  /** The cursor was not usable: start afresh. */
  reset: boolean;
  /** Entries after the cursor have been removed by retention. */
  pruned: boolean;
  /** Between two messages of a user; absent: as fast as they like. */
  slow_seconds?: number;
  /** In slow mode: so long until this user may say the next thing. */
  slow_ms?: number;
  /** This user may not speak there for now. */
  muted?: boolean;
  /** For so long; absent when it has no end. */
  muted_ms?: number;
  /** Who may speak, when not everybody: member or moderator, and all above. */
  speak?: Speaker;
  /** It can be read only. */
  archived?: boolean;
}

/** To leave. */
export interface LeftReply {
  type: "left";
  ref?: Ref;
  /** Room. */
  room: string;
}

/** To send, edit, delete, react and direct: the entry is durable. */
export interface AckReply {
  type: "ack";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Place in the log. */
  seq: number;
  /** When. */
  ts: number;
  /** The nonce of the request. */
  nonce?: string;
}

/** To origins; what there is none of is left out. */
export interface OriginsReply {
  type: "origins";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Ascending. */
  origins: OriginLine[];
}

/** To cursors. */
export interface CursorsReply {
  type: "cursors";
  ref?: Ref;
  /** By name. */
  cursors: CursorLine[];
}

/** To history. */
export interface HistoryReply {
  type: "history";
  ref?: Ref;
  /** Room. */
  room: string;
  /** Ascending. */
  messages: HistoryLine[];
  /** There are more in this direction. */
  more: boolean;
}

/** To search. */
export interface ResultsReply {
  type: "results";
  ref?: Ref;
  /** Newest first. */
  results: HistoryLine[];
  /** There are more. */
  more: boolean;
  /** When there are more: what continues the search. Opaque. */
  next?: string;
}

/** To upload and upload_state. */
export interface UploadReply {
  type: "upload";
  ref?: Ref;
  /** For PATCH /api/v1/uploads/{id}. */
  id: string;
  /** Its bytes. */
  size: number;
  /** So many of them are here. */
  offset: number;
}

/** To file_url. */
export interface FileUrlReply {
  type: "file_url";
  ref?: Ref;
  /** Of the file. */
  id: string;
  /** Behind this gateway's address. Its key is good for all files of the room, for this user. */
  path: string;
  /** Good for so long. */
  expires_ms: number;
}

/** To file, and of HTTP when an upload is whole. */
export interface FileReply {
  type: "file";
  ref?: Ref;
  /** The file. */
  file: FileLine;
}

/** To files. */
export interface FilesReply {
  type: "files";
  ref?: Ref;
  /** The newest first. */
  files: KeptFile[];
  /** There are older ones. */
  more?: boolean;
}

/** Done. */
export interface OkReply {
  type: "ok";
  ref?: Ref;
  /** To ban and mute: of the sanction, for lift. */
  id?: number;
  /** The same: what it hits: keys, device, address. */
  reach?: string[];
  /** The same: device or address, left out because more than moderation.shared_address others use it. */
  shared?: string[];
}

/** To purge; everything is gone, or with up_to some. */
export interface PurgedReply {
  type: "purged";
  ref?: Ref;
  /** How many entries of the log. */
  entries: number;
  /** Of a step: the newest that has gone. */
  pruned?: number;
  /** The same: where the last one ends. */
  up_to?: number;
  /** The same: there are others. */
  more?: boolean;
}

/** To claim; then welcome comes, or the error forbidden. */
export interface ClaimedReply {
  type: "claimed";
  ref?: Ref;
  /** To be typed or scanned on a device that is signed in; shown as 5-5. */
  code: string;
  /** To be typed there, too; only this device shows them. */
  digits: string;
  /** Good for so long. */
  expires_ms: number;
}

/** To draft, and unasked to the user's other devices, or to one that has joined. */
export interface DraftReply {
  type: "draft";
  ref?: Ref;
  /** Room. */
  room: string;
  /** What stands there; in a reply absent when it is what was asked. */
  text?: string;
  /** The message that it answers. */
  reply_to?: number;
  /** Names it in what is written over it. */
  version: number;
}

/** To approve with a code alone; unasked to a device whose offer was taken up. */
export interface ClaimantReply {
  type: "claimant";
  ref?: Ref;
  /** Of the offer. */
  code?: string;
  /** Which program asks to be let in. */
  client: string;
  /** From where. */
  address: string;
  /** Since when. */
  age_ms: number;
}

/** To offer without a code. */
export interface OfferReply {
  type: "offer";
  ref?: Ref;
  /** For hello on the new device; shown as 5-5. */
  code: string;
  /** Good for so long. */
  expires_ms: number;
  /** Behind this gateway's address, for a QR code. */
  path: string;
}

/** To move. */
export interface MoveReply {
  type: "move";
  ref?: Ref;
  /** For hello at the other address; good once. */
  code: string;
  /** Good for so long. */
  expires_ms: number;
  /** Behind the other address. */
  path: string;
}

/** To recovery. */
export interface RecoveryReply {
  type: "recovery";
  ref?: Ref;
  /** 128 bits, for hello; told this once. */
  code: string;
}

/** To blocked. */
export interface BlockedReply {
  type: "blocked";
  ref?: Ref;
  /** By name; at most 200. */
  blocked: BlockedLine[];
}

/** To users and user. */
export interface UsersReply {
  type: "users";
  ref?: Ref;
  /** By name. */
  users: UserLine[];
  /** There are more. */
  more?: boolean;
}

/** To devices. */
export interface DevicesReply {
  type: "devices";
  ref?: Ref;
  /** The one seen last is first; at most 20. */
  devices: DeviceLine[];
}

/** To sanctions. */
export interface SanctionsReply {
  type: "sanctions";
  ref?: Ref;
  /** The newest first. */
  sanctions: SanctionLine[];
  /** There are more than one reply can list. */
  more?: boolean;
}

/** To erase, when it is done. */
export interface ErasedReply {
  type: "erased";
  ref?: Ref;
  /** How many messages. */
  count: number;
}

/** To sessions. */
export interface SessionsReply {
  type: "sessions";
  ref?: Ref;
  /** In no order. */
  sessions: SessionLine[];
  /** There are more than one reply can list. */
  more?: boolean;
}

/** To newcomers. */
export interface NewcomersReply {
  type: "newcomers";
  ref?: Ref;
  /** open, ask, invite or closed. */
  mode: NewcomersMode;
  /** Who said something before this time is known. */
  spoke_before_ms: number;
  /** How many wait. */
  knocks: number;
  /** For so long yet; for good if absent. */
  left_ms?: number;
  /** What it is when that time is over. */
  afterwards?: NewcomersMode;
}

/** To invite_link. */
export interface InviteLinkReply {
  type: "invite_link";
  ref?: Ref;
  /** For revoke_link. */
  id: number;
  /** 128 bits, for hello or join. Told this once. */
  code: string;
  /** Of the page, with the code, and the name of the room, behind the #. */
  path: string;
  /** The path where others in the network reach it, if the gateway knows. */
  url?: string;
  /** So many may come in by it. */
  uses: number;
  /** For so long. */
  left_ms: number;
}

/** To invite_links. */
export interface InviteLinksReply {
  type: "invite_links";
  ref?: Ref;
  /** The oldest first, with those that are used up or over. */
  links: InviteLine[];
  /** There are more than one reply can list. */
  more?: boolean;
}

/** To knocks. */
export interface KnocksReply {
  type: "knocks";
  ref?: Ref;
  /** The one that has waited for longest is first. */
  knocks: KnockLine[];
}

/** To audit. */
export interface AuditReply {
  type: "audit";
  ref?: Ref;
  /** The newest first. */
  lines: AuditLine[];
  /** There are older ones. */
  more: boolean;
}

/** To who. */
export interface MembersReply {
  type: "members";
  ref?: Ref;
  /** Room. */
  room: string;
  /** The members. */
  members: MemberLine[];
  /** There are more than one reply can list. */
  more?: boolean;
}

/** To clock. */
export interface ClockReply {
  type: "clock";
  ref?: Ref;
  /** What the gateway believes. */
  time: number;
  /** Who vouches for it: nobody (claimed, unset), an administrator (given), the kernel (synchronised). */
  state: ClockState;
  /** Synchronised for 24 h without a break: retention by age goes by it. */
  proven: boolean;
}

/** To status: everything an administrator asks about. */
export interface StatusReply {
  type: "status";
  ref?: Ref;
  /** This gateway. */
  server: About;
  /** Since the start. */
  uptime_ms: number;
  /** The gateway's clock. */
  time: number;
  /** The clock is plausible. */
  clock_set: boolean;
  /** Who vouches for it: as state in a reply to clock. */
  clock: ClockState;
  /** Retention by age goes by the clock; else it waits for running time. */
  time_proven: boolean;
  /** Open connections. */
  connections: number;
  /** As many as there may be. */
  connections_max: number;
  /** Users connected. */
  users_here: number;
  /** Users known. */
  users: number;
  /** Rooms. */
  rooms: number;
  /** Log entries kept. */
  entries: number;
  /** Room logs kept in memory. */
  memory_bytes: number;
  /** Requests since the start. */
  requests: number;
  /** New entries of all logs since the start. */
  told: number;
  /** How SQLite writes on this file system. */
  journal_mode: string;
  /** What an acknowledged message survives. */
  durability: string;
  /** How they are kept. */
  passwords: string;
  /** Size of the database files. */
  file_bytes: number;
  /** Free on their disk, within the last minute. */
  free_bytes: number;
  /** storage.max_bytes, or what was chosen at the first start; 0 is no ceiling. */
  max_bytes: number;
  /** Handed to the disk since the start. */
  written_bytes: number;
  /** Transactions since the start. */
  commits: number;
  /** Jobs waiting for the disk. */
  pending: number;
  /** As many as may wait. */
  pending_max: number;
  /** Messages the search index does not have yet. */
  unindexed: number;
  /** 0 is for ever. */
  retention_age_days: number;
  /** 0 is all. */
  retention_room_entries: number;
  /** When; 0 is never. */
  last_backup: number;
  /** tls.mode. */
  tls: string;
  /** Where https is spoken; 0 is nowhere. */
  tls_port: number;
  /** When the certificate expires; 0 is none. */
  tls_expires: number;
  /** What the certificate is for. */
  tls_names?: string;
  /** What is wrong with TLS, or will be within 14 days, in a sentence. */
  tls_warning?: string;
  /** Files kept. */
  files: number;
  /** What they take. */
  files_bytes: number;
  /** files.disk_bytes. */
  files_max_bytes: number;
  /** The rooms whose files take most. */
  file_rooms?: FileUsage[];
  /** The users whose files take most. */
  file_users?: FileUsage[];
  /** Storage is failing. */
  failing: boolean;
  /** How, in words. */
  failure?: string;
  /** A damaged database is being recovered; rooms may be closed until then. */
  recovering: boolean;
  /** What has come over from one, in words: N of M entries of R rooms, K pages unreadable. */
  recovery?: string;
}

/** To settings. */
export interface SettingsReply {
  type: "settings";
  ref?: Ref;
  /** All of them, in the order of hearth.conf. */
  settings: SettingLine[];
}

/** To reload. */
export interface ReloadedReply {
  type: "reloaded";
  ref?: Ref;
  /** Settings that have changed and count now. */
  changed: string[];
  /** Settings that have changed and count from the next start. */
  waiting: string[];
}

/** To log_level. */
export interface LogLevelReply {
  type: "log_level";
  ref?: Ref;
  /** What counts now. */
  level: LogLevel;
}

/** To tokens. */
export interface TokensReply {
  type: "tokens";
  ref?: Ref;
  /** The oldest first. */
  tokens: TokenLine[];
  /** There are more than one reply can list. */
  more?: boolean;
}

/** To hooks. */
export interface HooksReply {
  type: "hooks";
  ref?: Ref;
  /** The oldest first. */
  hooks: HookLine[];
  /** There are more than one reply can list. */
  more?: boolean;
}

/** To hook. */
export interface HookReply {
  type: "hook";
  ref?: Ref;
  /** Its name. */
  name: string;
  /** Its room. */
  room: string;
  /** Where to post. Keep it secret; it is not told again. */
  url: string;
  /** What to sign with (X-Hub-Signature-256). The same. */
  secret?: string;
}

/** To bridges. */
export interface BridgesReply {
  type: "bridges";
  ref?: Ref;
  /** The oldest first. */
  bridges: BridgeLine[];
  /** There are more than one reply can list. */
  more?: boolean;
}

/** To token. */
export interface TokenReply {
  type: "token";
  ref?: Ref;
  /** Its user. */
  name: string;
  /** What it may do. */
  role: TokenRole;
  /** Where; in all public rooms if absent. */
  rooms?: string[];
  /** The token; keep it secret. It is not told again. */
  token: string;
}

/** To backup and restore. */
export interface DoneReply {
  type: "done";
  ref?: Ref;
  /** Size of the file. */
  bytes: number;
  /** Files of messages that are not in the copy. */
  without_files?: number;
}

/** To export. */
export interface ExportedReply {
  type: "exported";
  ref?: Ref;
  /** Ascending. */
  rows: Row[];
  /** There are more. */
  more: boolean;
  /** Newest seq of the room, for progress. */
  last: number;
}

/** To import. */
export interface ImportedReply {
  type: "imported";
  ref?: Ref;
  /** Rows stored. */
  rows: number;
}

/** To ping. */
export interface PongReply {
  type: "pong";
  ref?: Ref;
  /** The gateway's clock. */
  time: number;
}

/** Somebody said something. */
export interface MessageEntry {
  type: "message";
  /** Room. */
  room: string;
  /** Place in the log. */
  seq: number;
  /** When. */
  ts: number;
  /** Who, as they were called then. */
  from: string;
  /** Who, whatever the name; absent where no user spoke. */
  uid?: string;
  /** What; absent when deleted. */
  text?: string;
  /** The sender's nonce. */
  nonce?: string;
  /** The message answered. */
  reply_to?: number;
  /** The text is gone. */
  deleted?: boolean;
  /** Written by a guest. */
  guest?: boolean;
  /** The bridge it came through. */
  via?: string;
  /** unset: the board did not know the time. */
  clock?: EntryClock;
  /** Its files, in the order said. */
  files?: FileLine[];
}

/** A message has a new text. */
export interface EditEntry {
  type: "edit";
  /** Room. */
  room: string;
  /** Place in the log. */
  seq: number;
  /** When. */
  ts: number;
  /** Who, as they were called then. */
  from: string;
  /** Who, whatever the name; absent where no user spoke. */
  uid?: string;
  /** The message. */
  target: number;
  /** The new text; absent when the message was deleted later. */
  text?: string;
  /** The sender's nonce. */
  nonce?: string;
  /** unset: the board did not know the time. */
  clock?: EntryClock;
}

/** A message's text is gone. */
export interface DeleteEntry {
  type: "delete";
  /** Room. */
  room: string;
  /** Place in the log. */
  seq: number;
  /** When. */
  ts: number;
  /** Who, as they were called then. */
  from: string;
  /** Who, whatever the name; absent where no user spoke. */
  uid?: string;
  /** The message. */
  target: number;
  /** The sender's nonce. */
  nonce?: string;
  /** unset: the board did not know the time. */
  clock?: EntryClock;
}

/** Somebody put an emoji under a message, or took it away. */
export interface ReactionEntry {
  type: "reaction";
  /** Room. */
  room: string;
  /** Place in the log. */
  seq: number;
  /** When. */
  ts: number;
  /** Who, as they were called then. */
  from: string;
  /** Who, whatever the name; absent where no user spoke. */
  uid?: string;
  /** The message. */
  target: number;
  /** The emoji. */
  emoji: string;
  /** Put or taken away. */
  on: boolean;
  /** The sender's nonce. */
  nonce?: string;
  /** unset: the board did not know the time. */
  clock?: EntryClock;
}

/** The room has a new topic. */
export interface TopicEntry {
  type: "topic";
  /** Room. */
  room: string;
  /** Place in the log. */
  seq: number;
  /** When. */
  ts: number;
  /** Who, as they were called then. */
  from: string;
  /** Who, whatever the name; absent where no user spoke. */
  uid?: string;
  /** The topic. */
  text: string;
  /** unset: the board did not know the time. */
  clock?: EntryClock;
}

/** The missed entries have been told; what follows is new. */
export interface LiveEvent {
  type: "live";
  /** Room. */
  room: string;
  /** Newest seq told. */
  seq: number;
}

/** Who came and went; at most once a second a room. */
export interface PresenceEvent {
  type: "presence";
  /** Room. */
  room: string;
  /** Who came; empty in large rooms. */
  joined: string[];
  /** Who went; empty in large rooms. */
  left: string[];
  /** Users here now. */
  members: number;
}

/** Who is writing now. */
export interface TypingEvent {
  type: "typing";
  /** Room. */
  room: string;
  /** Names; at most 5. */
  names: string[];
}

/** This user has read up to here, on another connection. */
export interface ReadEvent {
  type: "read";
  /** Room. */
  room: string;
  /** Newest seq read. */
  seq: number;
}

/** One more device comes in as this user; forget_device undoes it. */
export interface DeviceAddedEvent {
  type: "device_added";
  /** What forget_device calls it. */
  id: number;
  /** Which program it says it is. */
  client: string;
  /** From where. */
  address: string;
}

/** Somebody who shares a room with you, or you, is called otherwise. */
export interface RenamedEvent {
  type: "renamed";
  /** Who. */
  uid: string;
  /** Called until now. */
  from: string;
  /** Called from now on. */
  to: string;
}

/** A room was made, changed or removed. */
export interface RoomEvent {
  type: "room";
  /** created, changed, removed, or purged: what was said is gone. */
  change: Change;
  /** Room. */
  name: string;
  /** What it was called until now. */
  was?: string;
  /** It can be read only. */
  archived?: boolean;
  /** Topic. */
  topic?: string;
  /** public, private or direct. */
  visibility?: Visibility;
  /** This user's role there, when it changed. */
  role?: Role;
  /** Between two messages of a user; 0: as fast as they like. */
  slow_seconds?: number;
  /** Who may speak: guest, member or moderator, and all above. */
  speak?: Speaker;
  /** The other one of a direct room. */
  peer?: string;
}

/** Somebody let you into a private room; leave declines it. */
export interface InvitedEvent {
  type: "invited";
  /** Room. */
  room: string;
  /** Who. */
  by: string;
}

/** You were put out of a room. */
export interface KickedEvent {
  type: "kicked";
  /** Room. */
  room: string;
  /** And you may not come back for now. */
  banned?: boolean;
  /** Why. */
  reason?: string;
}

/** This user may not speak for now, or may again. */
export interface MutedEvent {
  type: "muted";
  /** There; absent: in all rooms. */
  room?: string;
  /** May not. */
  on: boolean;
  /** For so long; absent when it has no end. */
  left_ms?: number;
  /** Why. */
  reason?: string;
}

/** To whoever asked to erase: it goes on. */
export interface ErasingEvent {
  type: "erasing";
  /** Whose messages. */
  user: string;
  /** How many have gone. */
  count: number;
}

/** For moderators of the gateway, at most once a second: somebody waits to be let in. */
export interface KnockEvent {
  type: "knock";
  /** What they want to be called. */
  user: string;
  /** What they said. */
  text?: string;
  /** How many wait. */
  waiting: number;
}

/** An administrator has given this user another role in the gateway. */
export interface RoleEvent {
  type: "role";
  /** guest, member, moderator or admin. */
  role: Role;
}

/** A moderator has let this user in. */
export interface AdmittedEvent {
  type: "admitted";
}

/** For moderators: somebody means that they should look at a message. */
export interface ReportEvent {
  type: "report";
  /** Room. */
  room: string;
  /** The message. */
  target: number;
  /** Who says so. */
  by: string;
  /** Why. */
  reason?: string;
}

/** The gateway has something to say. */
export interface NoticeEvent {
  type: "notice";
  /** A sentence. */
  text: string;
}

/** This connection took nothing for so long that events were left out. No entry is missing; a new hello tells the rest. */
export interface MissedEvent {
  type: "missed";
}

/** A hint: this client reads slowly and is served from storage; nothing is lost. */
export interface LaggedEvent {
  type: "lagged";
  /** Room. */
  room: string;
  /** Its cursor. */
  after: number;
  /** Newest seq. */
  last: number;
}

export type Request =
  | HelloRequest
  | RoomsRequest
  | JoinRequest
  | LeaveRequest
  | SendRequest
  | EditRequest
  | DeleteRequest
  | ReactRequest
  | DirectRequest
  | OriginsRequest
  | CursorRequest
  | CursorsRequest
  | BridgeStateRequest
  | HistoryRequest
  | SearchRequest
  | UploadRequest
  | UploadStateRequest
  | FileUrlRequest
  | FileRequest
  | TypingRequest
  | ReadRequest
  | DraftRequest
  | WhoRequest
  | CreateRequest
  | SetRequest
  | RemoveRequest
  | PurgeRequest
  | InviteRequest
  | KickRequest
  | BanRequest
  | UnbanRequest
  | MuteRequest
  | SanctionsRequest
  | LiftRequest
  | EraseRequest
  | SessionsRequest
  | KickSessionRequest
  | NewcomersRequest
  | KnockRequest
  | KnocksRequest
  | AdmitRequest
  | ReportRequest
  | AuditRequest
  | RoleRequest
  | RegisterRequest
  | PasswordRequest
  | RenameRequest
  | DevicesRequest
  | ForgetDeviceRequest
  | InviteLinkRequest
  | InviteLinksRequest
  | RevokeLinkRequest
  | ClaimRequest
  | ApproveRequest
  | OfferRequest
  | MoveRequest
  | RecoveryRequest
  | BlockRequest
  | BlockedRequest
  | UsersRequest
  | UserRequest
  | LogoutRequest
  | PingRequest
  | ClockRequest
  | StatusRequest
  | SettingsRequest
  | ReloadRequest
  | LogLevelRequest
  | TokensRequest
  | TokenRequest
  | BridgePauseRequest
  | BridgeReplayRequest
  | HooksRequest
  | HookRequest
  | HookRemoveRequest
  | HookTestRequest
  | BridgesRequest
  | RevokeRequest
  | FilesRequest
  | FileRemoveRequest
  | NoticeRequest
  | BackupRequest
  | RestoreRequest
  | ExportRequest
  | ImportRequest;

export type Reply =
  | ErrorReply
  | WelcomeReply
  | RoomsReply
  | JoinedReply
  | LeftReply
  | AckReply
  | OriginsReply
  | CursorsReply
  | HistoryReply
  | ResultsReply
  | UploadReply
  | FileUrlReply
  | FileReply
  | FilesReply
  | OkReply
  | PurgedReply
  | ClaimedReply
  | DraftReply
  | ClaimantReply
  | OfferReply
  | MoveReply
  | RecoveryReply
  | BlockedReply
  | UsersReply
  | DevicesReply
  | SanctionsReply
  | ErasedReply
  | SessionsReply
  | NewcomersReply
  | InviteLinkReply
  | InviteLinksReply
  | KnocksReply
  | AuditReply
  | MembersReply
  | ClockReply
  | StatusReply
  | SettingsReply
  | ReloadedReply
  | LogLevelReply
  | TokensReply
  | HooksReply
  | HookReply
  | BridgesReply
  | TokenReply
  | DoneReply
  | ExportedReply
  | ImportedReply
  | PongReply;

export type Entry =
  | MessageEntry
  | EditEntry
  | DeleteEntry
  | ReactionEntry
  | TopicEntry;

export type Event =
  | LiveEvent
  | PresenceEvent
  | TypingEvent
  | ReadEvent
  | DeviceAddedEvent
  | RenamedEvent
  | RoomEvent
  | InvitedEvent
  | KickedEvent
  | MutedEvent
  | ErasingEvent
  | KnockEvent
  | RoleEvent
  | AdmittedEvent
  | ReportEvent
  | NoticeEvent
  | MissedEvent
  | LaggedEvent;

/** Every frame the gateway sends, told apart by its type. */
export type ServerFrame = Reply | Entry | Event;

/** What a request gets unless it is refused. */
export interface Answers {
  hello: WelcomeReply;
  rooms: RoomsReply;
  join: JoinedReply;
  leave: LeftReply;
  send: AckReply;
  edit: AckReply;
  delete: AckReply;
  react: AckReply;
  direct: AckReply;
  origins: OriginsReply;
  cursor: OkReply;
  cursors: CursorsReply;
  bridge_state: OkReply;
  history: HistoryReply;
  search: ResultsReply;
  upload: UploadReply;
  upload_state: UploadReply;
  file_url: FileUrlReply;
  file: FileReply;
  typing: OkReply;
  read: OkReply;
  draft: DraftReply;
  who: MembersReply;
  create: OkReply;
  set: OkReply;
  remove: OkReply;
  purge: PurgedReply;
  invite: OkReply;
  kick: OkReply;
  ban: OkReply;
  unban: OkReply;
  mute: OkReply;
  sanctions: SanctionsReply;
  lift: OkReply;
  erase: ErasedReply;
  sessions: SessionsReply;
  kick_session: OkReply;
  newcomers: NewcomersReply;
  knock: OkReply;
  knocks: KnocksReply;
  admit: OkReply;
  report: OkReply;
  audit: AuditReply;
  role: OkReply;
  register: OkReply;
  password: OkReply;
  rename: OkReply;
  devices: DevicesReply;
  forget_device: OkReply;
  invite_link: InviteLinkReply;
  invite_links: InviteLinksReply;
  revoke_link: OkReply;
  claim: ClaimedReply;
  approve: ClaimantReply;
  offer: OfferReply;
  move: MoveReply;
  recovery: RecoveryReply;
  block: OkReply;
  blocked: BlockedReply;
  users: UsersReply;
  user: UsersReply;
  logout: OkReply;
  ping: PongReply;
  clock: ClockReply;
  status: StatusReply;
  settings: SettingsReply;
  reload: ReloadedReply;
  log_level: LogLevelReply;
  tokens: TokensReply;
  token: TokenReply;
  bridge_pause: OkReply;
  bridge_replay: OkReply;
  hooks: HooksReply;
  hook: HookReply;
  hook_remove: OkReply;
  hook_test: AckReply;
  bridges: BridgesReply;
  revoke: OkReply;
  files: FilesReply;
  file_remove: OkReply;
  notice: OkReply;
  backup: DoneReply;
  restore: DoneReply;
  export: ExportedReply;
  import: ImportedReply;
}

/** Roles, rising. */
export const ranks: readonly Role[] = ["guest", "member", "moderator", "owner", "admin"];

/** The least role that may do an operation in a room. */
export const least = {
  /** Make a room, and so own it. */
  create: "guest",
  /** Say something to one user. */
  direct: "guest",
  /** Enter a room that is open to the user, and leave it. */
  join: "guest",
  /** Read, page through and search its log. */
  history: "guest",
  /** List its members. */
  who: "guest",
  /** Say something. */
  send: "guest",
  /** Change a message of one's own. */
  edit: "guest",
  /** Remove a message of one's own. */
  delete: "guest",
  /** Put an emoji under a message. */
  react: "guest",
  /** Show that one is writing. */
  typing: "guest",
  /** Keep a read marker. */
  read: "guest",
  /** Tell the moderators of a message. */
  report: "guest",
  /** Remove a message of somebody else. */
  delete_others: "moderator",
  /** Remove all that somebody said, in the room or everywhere. */
  erase: "moderator",
  /** Change the topic. */
  topic: "moderator",
  /** Set how often a user may speak, and from which role on. */
  pace: "moderator",
  /** Let a user into a private room. */
  invite: "moderator",
  /** Put a user out, who may come back. */
  kick: "moderator",
  /** Put a user out and keep them out. */
  ban: "moderator",
  /** Let a banned user in again. */
  unban: "moderator",
  /** Let a user read and not speak. */
  mute: "moderator",
  /** Make, list and revoke invite links, of a private room or of the gateway. */
  invite_links: "moderator",
  /** List who is banned or muted; in the gateway: say what becomes of newcomers, too. */
  sanctions: "moderator",
  /** Read who did what to whom. */
  audit: "moderator",
  /** Make the room public or private. */
  visibility: "owner",
  /** Give a user a role no higher than one's own, or step back from one's own. */
  role: "owner",
  /** Remove the room and its log. */
  remove: "owner",
  /** Give the room another name. */
  rename: "owner",
  /** Let the room be read only, and list it no longer; and the way back. */
  archive: "owner",
  /** Remove everything that was said in the room. */
  purge: "owner",
  /** Change a message of somebody else. */
  edit_others: "admin",
  /** Take the room out of retention. */
  keep: "admin",
  /** Copy its log as rows. */
  export: "admin",
  /** Put rows into its log. */
  import: "admin",
  /** See who vouches for the time, and give it. */
  clock: "admin",
  /** See who is connected, and close connections. */
  sessions: "admin",
  /** See and change who somebody is. */
  users: "admin",
  /** See the gateway's figures. */
  status: "admin",
  /** See the settings, read them again, and set the log's level. */
  configure: "admin",
  /** Make, list and revoke tokens of bridges and bots. */
  tokens: "admin",
  /** List the files, and remove the bytes of one. */
  files: "admin",
  /** Tell everybody a sentence. */
  notice: "admin",
  /** Copy the whole database to a file. */
  backup: "admin",
  /** Put a backup in place of the database. */
  restore: "admin",
} as const satisfies Record<string, Role>;
