// The top of every sheet, and small pieces that several share.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { chat, close, dialog } from "../app";
import { Icon } from "../views/icon";
import { Refused } from "../wire";
import { t, why } from "../words";

export function Title({ text }: { text: string }) {
  return (
    <header>
      <h1 id="sheet">{text}</h1>
      <button type="button" class="plain" aria-label={t("close")} onClick={close}>
        <Icon name="close" />
      </button>
    </header>
  );
}

export function Item({ text, danger, act }: { text: string; danger?: boolean; act(): void }) {
  return (
    <li>
      <button class={danger ? "line danger" : "line"} onClick={act}>
        {text}
      </button>
    </li>
  );
}

/** Named, so that drawing anew does not call it again. */
export function focus(one: HTMLElement | null): void {
  one?.focus();
}

/** What had the focus has gone: the sheet keeps it. */
function focusSheet(): void {
  document.querySelector<HTMLElement>("dialog[open] button")?.focus();
}

/** Asks once more before something that cannot be undone. */
export function Sure({ text, yes, act, no }: { text: string; yes: string; act(): void; no(): void }) {
  useLayoutEffect(() => () => void requestAnimationFrame(focusSheet), []);
  return (
    <div role="alertdialog" aria-label={text}>
      <p>{text}</p>
      <div class="row-of">
        <button class="chip" ref={focus} onClick={no}>
          {t("cancel")}
        </button>
        <button class="main" onClick={act}>
          {yes}
        </button>
      </div>
    </div>
  );
}

/** What a form says now. Inputs keep their own text: a drawing may be a frame behind the typing. */
export function fields(event: Event): (name: string) => string {
  event.preventDefault();
  const data = new FormData(event.currentTarget as HTMLFormElement);
  return (name) => (data.get(name)?.toString() ?? "").trim();
}

/** Why it did not work. */
export function told(error: Error): string {
  return error instanceof Refused ? why(error) : t("lost");
}

/** A request whose refusal is told in words; the sheet closes when it is done. */
export function useRequest(): { wrong: string; run(what: () => Promise<unknown>): void } {
  const [wrong, set] = useState("");
  const run = (what: () => Promise<unknown>) => {
    set("");
    const asked = dialog.peek();
    const done = () => dialog.peek() === asked && close();
    what().then(done, (error: Error) => set(told(error)));
  };
  return { wrong, run };
}

/** The same, where the sheet stays. */
export function useTry(): { wrong: string; run(what: () => Promise<unknown>): void } {
  const [wrong, set] = useState("");
  return { wrong, run: (what) => (set(""), void what().catch((error: Error) => set(told(error)))) };
}

export function Wrong({ text }: { text: string }) {
  return text ? (
    <p class="wrong" role="alert">
      {text}
    </p>
  ) : null;
}

export function Choice({ name, value, now, set, children }: {
  name: string;
  value: string;
  now: string;
  set?(value: string): void;
  children: ComponentChildren;
}) {
  return (
    <label class="choice">
      <input type="radio" name={name} value={value} checked={now === value} onChange={() => set?.(value)} />
      <span>{children}</span>
    </label>
  );
}

const copied_ms = 3000;

/** Copies where there is no clipboard API (plain HTTP) too. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  chat.say({ key: "text", text: t("copied") }, copied_ms);
}
