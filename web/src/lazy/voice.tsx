// Voice messages: said into the microphone here, then a file like any other, in the tray, where one may listen to
// it before it goes. Browsers have a microphone over https and on localhost alone.
import { useEffect, useRef, useState } from "preact/hooks";
import { chat, close, dialog, microphone, open, type Open } from "../app";
import { draftOf } from "../drafts";
import type { Room } from "../room";
import { submit } from "../saying";
import { t, type Key } from "../words";
import { take } from "./files";
import { focus, Title, Wrong } from "./sheet";

/** The first that the browser can write; all of them are heard everywhere but on old iPhones. */
const kinds = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const bits_per_second = 24000;
const seconds_max = 300;
/** A sound that gives more bits than it was asked for fits all the same. */
const room_for_more = 0.8;
/** Of a finger the browser tells no more by the pointer's events, once it lies still. */
const lifting = ["pointerup", "touchend"];
/** Pressed for so long, it ends when the finger is lifted. */
const hold_ms = 400;

const kind = () => (typeof MediaRecorder === "undefined" ? undefined : kinds.find((one) => MediaRecorder.isTypeSupported(one)));

/** How long a voice message may be here, in whole seconds. */
function longest(): number {
  const bytes = chat.limits.value.file_bytes ?? 0;
  return Math.min(seconds_max, Math.floor((bytes * 8 * room_for_more) / bits_per_second));
}

export function clockOf(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** One recording, from asking for the microphone to the file. */
class Recording {
  private readonly pieces: Blob[] = [];
  private bytes = 0;
  private recorder?: MediaRecorder;
  private begun_ms = 0;
  private isOver = false;
  /** The message that was said; called once, unless it was thrown away. */
  onfile: (file: File, seconds: number) => void = () => {};

  async begin(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const stop = () => stream.getTracks().forEach((track) => track.stop());
    if (this.isOver) return stop();
    const mimeType = kind()!;
    const recorder = (this.recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: bits_per_second }));
    this.begun_ms = performance.now();
    recorder.ondataavailable = ({ data }) => this.keep(data);
    recorder.onstop = () => {
      stop();
      this.hand(mimeType.split(";")[0]!);
    };
    recorder.start(1000);
  }

  get seconds(): number {
    return this.begun_ms ? Math.floor((performance.now() - this.begun_ms) / 1000) : 0;
  }

  private keep(data: Blob): void {
    this.pieces.push(data);
    this.bytes += data.size;
    if (this.bytes > chat.limits.peek().file_bytes! * room_for_more) this.end();
  }

  private hand(type: string): void {
    if (!this.bytes) return;
    const seconds = Math.max(1, Math.round((performance.now() - this.begun_ms) / 1000));
    const name = `voice-${clockOf(seconds).replace(":", "-")}.${type === "audio/mp4" ? "m4a" : type.slice(6)}`;
    this.onfile(new File(this.pieces, name, { type }), seconds);
  }

  /** Nothing more is recorded. */
  end(): void {
    this.isOver = true;
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  throwAway(): void {
    this.onfile = () => {};
    this.end();
  }
}

const reasons: Record<string, Key> = { NotAllowedError: "microphoneDenied", SecurityError: "microphoneDenied", NotFoundError: "microphoneNone" };

/** Into the tray; and said at once where that is wished. */
async function hand(room: Room, file: File, seconds: number, atOnce: boolean): Promise<void> {
  await take(room, [file], t("voiceMessage", { time: clockOf(seconds) }));
  if (atOnce) return submit(room);
  /* Once it is drawn that it may be pressed. */
  requestAnimationFrame(() => document.querySelector<HTMLElement>(".composer .main")?.focus());
}

/** The sheet. However it is closed, what was said is kept in the tray, unless it is thrown away. */
export function Voice({ what }: { what: Open }) {
  const room = what.room!;
  const [recording] = useState(() => new Recording());
  const [state, set] = useState<"asking" | "on" | Key>("asking");
  const [, draw] = useState(0);
  const atOnce = useRef(false);
  useEffect(() => {
    recording.onfile = (file, seconds) => void hand(room, file, seconds, atOnce.current);
    recording.begin().then(
      () => set("on"),
      (error: Error) => set(reasons[error.name] ?? "microphoneLost"),
    );
    const timer = setInterval(() => {
      if (recording.seconds >= longest()) close();
      draw((count) => count + 1);
    }, 250);
    const lifted = (event: Event) => {
      if (!held) return;
      if (event.type === "touchend" || (event as PointerEvent).pointerType !== "touch") held = false;
      event.preventDefault(); /* it presses nothing in the sheet that has come under the finger */
      if (recording.seconds > 0) close();
    };
    for (const name of lifting) addEventListener(name, lifted, true);
    return () => {
      for (const name of lifting) removeEventListener(name, lifted, true);
      clearInterval(timer);
      recording.end();
    };
  }, []);
  const isOn = state === "on";
  return (
    <>
      <Title text={t("recordVoice")} />
      {isOn ? (
        <p class="recording">
          <span class="lamp" aria-hidden="true" />
          <span role="status">{t("recording")}</span>
          <span role="timer">
            {clockOf(recording.seconds)} <span class="muted">/ {clockOf(longest())}</span>
          </span>
        </p>
      ) : state === "asking" ? (
        <p role="status">{t("microphoneAsked")}</p>
      ) : (
        <Wrong text={t(state as Key)} />
      )}
      {isOn && (
        <div class="row-of">
          <button type="button" class="chip danger" onClick={() => (recording.throwAway(), close())}>
            {t("recordDrop")}
          </button>
          <button type="button" class="chip" ref={focus} onClick={close}>
            {t("recordEnd")}
          </button>
          <button type="button" class="main" onClick={() => ((atOnce.current = true), close())}>
            {t("send")}
          </button>
        </div>
      )}
    </>
  );
}

/** Whether the button is still held down since the sheet came. */
let held = false;
let holding = 0;

function begin(room: Room, isHeld: boolean): void {
  clearTimeout(holding);
  if (dialog.peek()) return;
  held = isHeld;
  open({ part: "voice", room });
}

function hold(room: Room): void {
  held = false;
  holding = window.setTimeout(() => begin(room, true), hold_ms);
  addEventListener("pointerup", () => clearTimeout(holding), { once: true });
  addEventListener("pointercancel", () => clearTimeout(holding), { once: true });
}

/** In the field for the text while nothing is written: it takes no room from the words. */
function Microphone({ room }: { room: Room }) {
  const { text, files, edit } = draftOf(room).value;
  if (text || files || edit || room.mutedUntil.value || longest() < 2) return null;
  return (
    <button
      type="button"
      class="plain microphone"
      aria-label={t("recordVoice")}
      title={t("recordVoice")}
      onPointerDown={() => hold(room)}
      onContextMenu={(event) => event.preventDefault()}
      onClick={() => begin(room, false)}
    >
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <path d="M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3M5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21M8.5 21h7" />
      </svg>
    </button>
  );
}

/** Puts the button into the composer, where the browser has what it needs. */
export function offer(): void {
  if (isSecureContext && kind() && navigator.mediaDevices) microphone.value = Microphone;
}
