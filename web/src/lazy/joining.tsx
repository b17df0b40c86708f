// A device that is to come in as somebody who is signed in elsewhere: it shows a code and waits (claim), or
// brings one from an address (#join/CODE, #move/CODE), or a recovery code is typed. It speaks by a socket of its
// own; when it is welcome, the page begins anew as that user.
import { useEffect, useState } from "preact/hooks";
import { invited } from "../app";
import { browser } from "../browser";
import type { Socket } from "../connection";
import { remember } from "../memory";
import { Refused } from "../wire";
import { t, why } from "../words";
import { fields, focus, Wrong } from "./sheet";
import { clientName } from "./client";

interface Told {
  type: string;
  code: string;
  digits: string;
  error_code: string;
  message: string;
  session: string;
  user: { name: string };
}

/** Says one thing and hears until it is welcome or refused. Gives what ends it. */
function comeIn(request: object, shown: (told: Told) => void, failed: (text: string) => void): () => void {
  const socket: Socket = browser.open();
  const end = () => {
    socket.onclose = socket.onmessage = null;
    socket.close();
  };
  socket.onopen = () => socket.send(JSON.stringify({ ...request, client: clientName() }));
  socket.onclose = () => failed(t("lost"));
  socket.onmessage = ({ data }) => {
    const told = JSON.parse(data) as Told;
    if (told.type === "claimed") shown(told);
    else if (told.type === "welcome") {
      end();
      remember("me", { name: told.user.name, session: told.session });
      const { room } = invited();
      location.replace("/" + (room && "#" + encodeURIComponent(room)));
      location.reload();
    } else if (told.type === "error") {
      end();
      failed(told.error_code === "unauthorized" ? t("signInWrong") : why(new Refused(told.error_code, told.message)));
    }
  };
  return end;
}

const halves = (code: string) => code.slice(0, 5) + "-" + code.slice(5);

function Claim({ back }: { back(): void }) {
  const [told, show] = useState<Told | null>(null);
  const [wrong, fail] = useState("");
  useEffect(() => comeIn({ type: "claim" }, show, fail), []);
  return (
    <>
      <h1>{t("useHere")}</h1>
      {told && !wrong && (
        <>
          <p>{t("claimHint")}</p>
          <p class="code-text">{halves(told.code)}</p>
          <p>{t("claimDigits")}</p>
          <p class="code-text">{told.digits}</p>
          <p role="status" class="muted">{t("claimWaits")}</p>
        </>
      )}
      <Wrong text={wrong} />
      <button type="button" class="link" onClick={back}>
        {t("stepBack")}
      </button>
    </>
  );
}

function ByCode({ code }: { code: string }) {
  const [wrong, fail] = useState("");
  useEffect(() => comeIn({ type: "hello", code }, () => undefined, fail), []);
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <h1>{t("useHere")}</h1>
      {!wrong && <p role="status">{t(location.hash.startsWith("#move") ? "connecting" : "joinWaits")}</p>}
      <Wrong text={wrong} />
      <button type="button" class="link" onClick={() => (location.replace("/"), location.reload())}>
        {t("stepBack")}
      </button>
    </form>
  );
}

function Recover({ back }: { back(): void }) {
  const [wrong, fail] = useState("");
  const recover = (event: Event) => {
    const recovery = fields(event)("recovery");
    fail("");
    if (recovery) comeIn({ type: "hello", recovery }, () => undefined, fail);
  };
  return (
    <form onSubmit={recover}>
      <h1>{t("recover")}</h1>
      <label>
        {t("recoveryCode")}
        <input name="recovery" autocomplete="off" autocapitalize="characters" spellcheck={false} maxLength={64} />
      </label>
      {location.protocol === "http:" && <p class="note">{t("plainHttp")}</p>}
      <Wrong text={wrong} />
      <button class="main">{t("enter")}</button>
      <button type="button" class="link" onClick={back}>
        {t("stepBack")}
      </button>
    </form>
  );
}

function SignIn({ name, back }: { name: string; back(): void }) {
  const [wrong, fail] = useState("");
  const [busy, setBusy] = useState(false);
  const signIn = (event: Event) => {
    const field = fields(event);
    const password = new FormData(event.currentTarget as HTMLFormElement).get("password");
    fail("");
    setBusy(true);
    comeIn({ type: "hello", name: field("name"), password }, () => undefined, (text) => (fail(text), setBusy(false)));
  };
  return (
    <form onSubmit={signIn}>
      <h1>{t("signIn")}</h1>
      <label>
        {t("name")}
        <input name="name" autocomplete="username" autocapitalize="none" required maxLength={64} defaultValue={name} />
      </label>
      <label>
        {t("password")}
        <input name="password" type="password" autocomplete="current-password" required maxLength={256} ref={focus} />
      </label>
      {location.protocol === "http:" && <p class="note">{t("plainHttp")}</p>}
      <Wrong text={wrong} />
      <button class="main" disabled={busy}>
        {t("enter")}
      </button>
      <button type="button" class="link" onClick={back}>
        {t("stepBack")}
      </button>
    </form>
  );
}

/** By a code that was brought; with a name, by its password; else by another device. */
export function Joining({ code, name, back }: { code: string; name?: string; back(): void }) {
  const [recovers, recover] = useState(false);
  if (code) return <ByCode code={code} />;
  if (name !== undefined) return <SignIn name={name} back={back} />;
  if (recovers) return <Recover back={() => recover(false)} />;
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <Claim back={back} />
      <button type="button" class="link" onClick={() => recover(true)}>
        {t("recover")}
      </button>
    </form>
  );
}
