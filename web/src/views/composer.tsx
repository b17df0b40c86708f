// Where one writes. A keyboard's Enter sends (never while an input method is composing) and Shift+Enter
// is a new line; on a screen Enter is a new line and the button sends, as chosen in the settings. Arrow
// up in an empty box edits one's last message, Tab leaves.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { chat, microphone, open } from "../app";
import { draftOf, focusComposer, stopReply, writeDraft, type Draft } from "../drafts";
import { wordsOf } from "../files";
import type { Choice } from "../lazy/complete";
import { plainText } from "../markup";
import type { Room } from "../room";
import { editLast, excess, submit, tellTyping } from "../saying";
import { enterSends } from "../settings";
import { t } from "../words";
import { Icon } from "./icon";
import { partFailed, useLater, withLooks } from "./later";
import { useSeconds } from "./status";

const warn_characters = 100;

function Context({ room, draft }: { room: Room; draft: Draft }) {
  const seq = draft.edit ?? draft.reply;
  if (!seq) return null;
  const row = room.row(seq);
  const text = draft.edit ? t("editing") : t("replyTo", { name: row?.from ?? "…" });
  return (
    <div class="context">
      <p>
        <strong>{text}</strong> <span class="muted">{!draft.edit && row && plainText(wordsOf(row)).slice(0, 100)}</span>
      </p>
      <button type="button" class="plain" aria-label={t("cancel")} onClick={() => stopReply(room)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function Quiet({ room }: { room: Room }) {
  const left = Math.ceil((room.quietUntil.value - chat.clock.now()) / 1000);
  useSeconds(left > 0);
  return left > 0 ? <p class="note">{t("quiet", { n: left })}</p> : null;
}

/** Seconds until the next message may be said. */
function useSlow(room: Room): number {
  const left = Math.ceil((room.slowUntil.value - chat.clock.now()) / 1000);
  useSeconds(left > 0);
  return Math.max(0, left);
}

export function Composer({ room }: { room: Room }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const draft = draftOf(room).value;
  const [caret, setCaret] = useState(0);
  const [at, setAt] = useState(0);
  const [hushed, hush] = useState("");
  const later = useLater(/[@:]|^\//.test(draft.text), () => import("../lazy/complete"));
  const found = later?.choicesOf(room, draft.text, caret) ?? [];
  const choices = hushed === draft.text ? [] : found;
  const chosen = Math.min(at, choices.length - 1);
  const over = excess(draft.text);
  const muted = room.mutedUntil.value > 0;
  const slow = useSlow(room);
  const waits = slow > 0 && !draft.edit;
  const { files } = draft;
  const Microphone = microphone.value;
  const tray = useLater(files, () => import("../lazy/files"));
  const unready = over > 0 || waits || files?.some((file) => !file.size);
  const long = useLater(over > 0, () => import("../lazy/parts"));
  useLayoutEffect(() => {
    const area = box.current!;
    area.style.height = "auto";
    area.style.height = area.scrollHeight + 2 + "px";
  }, [draft.text, room]);
  /** Puts it in place of what stands between start and the caret. */
  const insert = (piece: string, start: number) => {
    const { text } = draftOf(room).peek();
    const end = start + piece.length;
    writeDraft(room, { text: text.slice(0, start) + piece + text.slice(caret) });
    setCaret(end);
    requestAnimationFrame(() => box.current?.setSelectionRange(end, end));
  };
  const take = (choice: Choice) => insert(choice.text, choice.start);
  const send = () => {
    if (unready) return;
    submit(room);
    box.current!.focus();
  };
  const choosing = (event: KeyboardEvent): boolean => {
    const drawn = draftOf(room).peek() === draft;
    if (!choices.length || !drawn) return false;
    if (event.key === "ArrowDown") setAt((chosen + 1) % choices.length);
    else if (event.key === "ArrowUp") setAt((chosen + choices.length - 1) % choices.length);
    else if (event.key === "Enter" || event.key === "Tab") take(choices[chosen]!);
    else if (event.key === "Escape") hush(draft.text);
    else return false;
    event.preventDefault();
    return true;
  };
  const keys = (event: KeyboardEvent) => {
    if (event.isComposing || event.keyCode === 229 || choosing(event)) return;
    const sends = event.ctrlKey || event.metaKey || (!event.shiftKey && !event.altKey && enterSends());
    if (event.key === "Enter" && sends) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !draftOf(room).peek().text) {
      if (editLast(room)) event.preventDefault();
    } else if (event.key === "Escape") {
      stopReply(room);
    }
  };
  const written = (area: HTMLTextAreaElement) => {
    writeDraft(room, { text: area.value });
    setCaret(area.selectionStart);
    setAt(0);
    hush("");
    tellTyping(room, area.value !== "");
  };
  const pick = (emoji: string) => {
    insert(emoji, caret);
    focusComposer();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {later && <later.Choices choices={choices} at={chosen} take={take} />}
      <Context room={room} draft={draft} />
      <Quiet room={room} />
      {tray && files && <tray.Tray room={room} />}
      <div class="write">
        {chat.limits.value.file_bytes && (
          <button type="button" class="plain clip" disabled={muted || !!draft.edit} aria-label={t("attach")} title={t("attach")} onClick={() => void withLooks(import("../lazy/files")).then((part) => part.attach(room), partFailed)}>
            <Icon name="clip" />
          </button>
        )}
        <button type="button" class="plain" aria-label={t("emoji")} onClick={() => open({ part: "emoji", pick })}>
          <Icon name="smile" />
        </button>
        <textarea
          id="composer"
          disabled={muted}
          ref={box}
          rows={1}
          dir="auto"
          enterkeyhint={enterSends() ? "send" : "enter"}
          autocomplete="off"
          aria-label={t("messageTo", { room: room.label })}
          aria-autocomplete="list"
          aria-controls={choices.length ? "choices" : undefined}
          aria-activedescendant={choices.length ? "choice" + chosen : undefined}
          placeholder={t("messageTo", { room: room.label })}
          value={draft.text}
          onInput={(event) => written(event.currentTarget)}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyDown={keys}
        />
        {Microphone && <Microphone room={room} />}
        <button class="main" disabled={unready || muted} aria-label={waits ? t("quiet", { n: slow }) : undefined} onMouseDown={(event) => event.preventDefault()}>
          {waits ? `${Math.floor(slow / 60)}:${String(slow % 60).padStart(2, "0")}` : draft.edit ? t("save") : t("send")}
        </button>
      </div>
      {over > -warn_characters && draft.text && (
        <p class={over > 0 ? "note wrong" : "note"} role="status">
          {over > 0 ? t("overLong", { n: over }) : t("leftOver", { n: -over })}
          {long && over > 0 && !draft.edit && <long.InParts room={room} text={draft.text} />}
        </p>
      )}
    </form>
  );
}
