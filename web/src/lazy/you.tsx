// Who one is: the name, the devices, the recovery code, letting another device in, whom one has blocked.
import { useEffect, useRef, useState } from "preact/hooks";
import { chat, type Open } from "../app";
import { day } from "../dates";
import type { BlockedLine, ClaimantReply, DeviceLine } from "../protocol.gen";
import { t } from "../words";
import { Address } from "./address";
import { askBlocked, block } from "./known";
import { isEmpty, movingPath, originOf } from "./move";
import { secureAddress, serverOf } from "./secure";
import { copy, fields, focus, Item, Title, useTry, Wrong } from "./sheet";

type View = "menu" | "name" | "devices" | "offer" | "approve" | "recovery" | "blocked" | "move" | "password";

function Name({ done }: { done(): void }) {
  const { wrong, run } = useTry();
  const rename = (event: Event) => {
    const name = fields(event)("name");
    if (name) run(() => chat.connection.request({ type: "rename", name }).then(done));
  };
  return (
    <form onSubmit={rename}>
      <label>
        {t("newName")}
        <input name="name" autocomplete="nickname" ref={focus} maxLength={64} defaultValue={chat.me.value!.name} />
      </label>
      <p class="muted small">{t("renameHint")}</p>
      <Wrong text={wrong} />
      <button class="main">{t("save")}</button>
    </form>
  );
}

function Devices() {
  const [devices, show] = useState<readonly DeviceLine[]>([]);
  const { wrong, run } = useTry();
  const ask = () => chat.connection.request({ type: "devices" }).then((reply) => show(reply.devices));
  useEffect(() => run(ask), []);
  const forget = (id: number) => run(() => chat.connection.request({ type: "forget_device", id }).then(ask));
  return (
    <>
      <ul>
        {devices.map((one) => (
          <li key={one.id} class="row-of">
            <span>
              <bdi>{one.client || t("someDevice")}</bdi>
              <br />
              <span class="muted small">{one.current ? t("thisDevice") : t("seenOn", { day: day(one.seen, Date.now()) })}</span>
            </span>
            {!one.current && (
              <button class="chip danger" aria-label={`${t("signOut")}: ${one.client || t("someDevice")}`} onClick={() => forget(one.id)}>
                {t("signOut")}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Wrong text={wrong} />
    </>
  );
}

/** Who asks to come in, from where. */
function Claimant({ who }: { who: ClaimantReply }) {
  return (
    <>
      <p>
        <strong>{t("asksIn", { client: who.client || t("someDevice"), address: who.address })}</strong>
      </p>
      <p class="muted small">{t("asksInHint")}</p>
    </>
  );
}

function Asks({ who, yes, no }: { who: ClaimantReply; yes(): void; no(): void }) {
  return (
    <>
      <Claimant who={who} />
      <div class="row-of">
        <button type="button" class="chip" onClick={no}>
          {t("turnAway")}
        </button>
        <button type="button" class="main" onClick={yes}>
          {t("letItIn")}
        </button>
      </div>
    </>
  );
}

function Offer({ done }: { done(): void }) {
  const [code, show] = useState("");
  const { wrong, run } = useTry();
  useEffect(() => {
    chat.claimant.value = null;
    run(() => chat.connection.request({ type: "offer" }).then((reply) => "path" in reply && show(reply.code)));
  }, []);
  const who = chat.claimant.value;
  const answer = (accept: boolean) =>
    run(() => chat.connection.request({ type: "offer", code, accept }).then(() => ((chat.claimant.value = null), done())));
  if (who && who.code === code) return <><Asks who={who} yes={() => answer(true)} no={() => answer(false)} /><Wrong text={wrong} /></>;
  return (
    <>
      <p>{t("offerHint")}</p>
      {code && <Address address={`${location.origin}/#join/${code}`} />}
      <Wrong text={wrong} />
    </>
  );
}

function Approve({ done }: { done(): void }) {
  const [code, found] = useState("");
  const [who, show] = useState<ClaimantReply | null>(null);
  const { wrong, run } = useTry();
  const look = (event: Event) => {
    const typed = fields(event)("code");
    if (!typed) return;
    found(typed);
    run(() => chat.connection.request({ type: "approve", code: typed }).then((reply) => show(reply)));
  };
  const answer = (event: Event, accept: boolean) => {
    const digits = accept ? fields(event)("digits") : "00";
    run(() => chat.connection.request({ type: "approve", code, digits, accept }).then(done));
  };
  if (!who) {
    return (
      <form key="code" onSubmit={look}>
        <p>{t("approveHint")}</p>
        <label>
          {t("theCode")}
          <input name="code" ref={focus} autocomplete="off" autocapitalize="characters" spellcheck={false} maxLength={16} />
        </label>
        <Wrong text={wrong} />
        <button class="main">{t("next")}</button>
      </form>
    );
  }
  return (
    <form key="digits" onSubmit={(event) => answer(event, true)}>
      <Claimant who={who} />
      <label>
        {t("digits")}
        <input name="digits" ref={focus} inputMode="numeric" autocomplete="off" maxLength={2} />
      </label>
      <Wrong text={wrong} />
      <div class="row-of">
        <button type="button" class="chip" onClick={(event) => answer(event, false)}>
          {t("turnAway")}
        </button>
        <button class="main">{t("letItIn")}</button>
      </div>
    </form>
  );
}

function Recovery() {
  const [code, show] = useState("");
  const { wrong, run } = useTry();
  const make = () => run(() => chat.connection.request({ type: "recovery" }).then((reply) => show(reply.code.replace(/(.{5})(?=.)/g, "$1-"))));
  return (
    <>
      <p>{t("recoveryHint")}</p>
      {location.protocol === "http:" && <p class="note">{t("plainHttp")}</p>}
      {code ? (
        <>
          <p class="code-text small">{code}</p>
          <button class="main" onClick={() => void copy(code)}>
            {t("copy")}
          </button>
        </>
      ) : (
        <button class="main" onClick={make}>
          {t("recoveryMake")}
        </button>
      )}
      <Wrong text={wrong} />
    </>
  );
}

/** One that is had is needed to change it; a first one is simply made. */
function Password({ done }: { done(): void }) {
  const { wrong, run } = useTry();
  const has = chat.password.value === "has";
  const save = (event: Event) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const [old, password] = [`${data.get("old")}`, `${data.get("new")}`];
    const asked = has ? chat.do({ type: "password", old, new: password }) : chat.do({ type: "register", password });
    run(() => asked.then(() => (chat.password.value = "has", chat.say({ key: "text", text: t("passwordKept") }, 5000), done())));
  };
  return (
    <form onSubmit={save}>
      <p>{t(has ? "passwordChange" : "passwordHint")}</p>
      {location.protocol === "http:" && <p class="note">{t("plainHttp")}</p>}
      <input type="text" name="username" autocomplete="username" hidden value={chat.me.value!.name} />
      {has && (
        <label>
          {t("passwordOld")}
          <input name="old" type="password" autocomplete="current-password" required maxLength={256} />
        </label>
      )}
      <label>
        {t("passwordNew")}
        <input name="new" type="password" autocomplete="new-password" required minLength={8} maxLength={256} />
      </label>
      <Wrong text={wrong} />
      <button class="main">{t("save")}</button>
    </form>
  );
}

/** To the address that others use, or another one of the same gateway. */
function Move() {
  const box = useRef<HTMLInputElement>(null);
  const { wrong, run } = useTry();
  const [bad, setBad] = useState(false);
  useEffect(() => {
    void serverOf().then((server) => {
      const address = server && (server.tls ? secureAddress(server.tls, "") : server.address);
      /* Unless something was typed meanwhile. */
      if (address && address !== location.origin && box.current) box.current.value ||= address;
    });
  }, []);
  const ready = isEmpty();
  const move = (event: Event) => {
    const origin = originOf(fields(event)("address"));
    setBad(!origin || origin === location.origin);
    if (origin && origin !== location.origin) run(() => movingPath().then((path) => location.assign(origin + path)));
  };
  return (
    <form onSubmit={move}>
      <p>{t("moveHint")}</p>
      <p class="muted small">{t("moveNow", { address: location.origin })}</p>
      <label>
        {t("moveTo")}
        <input name="address" ref={box} inputMode="url" autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={256} />
      </label>
      {!ready && <p role="status">{t("moveWaits")}</p>}
      <Wrong text={bad ? t("moveBad") : wrong} />
      <button class="main" disabled={!ready}>
        {t("moveIt")}
      </button>
    </form>
  );
}

function Blocked() {
  const [list, show] = useState<readonly BlockedLine[] | null>(null);
  const { wrong, run } = useTry();
  useEffect(() => run(() => askBlocked().then(show)), []);
  const set = (whom: { uid?: string; user?: string; on: boolean }) => run(() => block(whom).then(show));
  const add = (event: Event) => {
    const user = fields(event)("user");
    if (user) set({ user, on: true });
  };
  return (
    <>
      <p class="muted small">{t("blockedHint")}</p>
      <ul>
        {list?.map((one) => (
          <li key={one.uid} class="row-of">
            <bdi>{one.name}</bdi>
            <button class="chip" onClick={() => set({ uid: one.uid, on: false })}>
              {t("unblock")}
            </button>
          </li>
        ))}
      </ul>
      {list?.length === 0 && <p>{t("blockedNone")}</p>}
      <form onSubmit={add}>
        <label>
          {t("blockUser")}
          <input name="user" autocomplete="off" maxLength={64} />
        </label>
        <button class="chip">{t("blockThem")}</button>
      </form>
      <Wrong text={wrong} />
    </>
  );
}

const titles = {
  menu: "aboutYou",
  name: "newName",
  devices: "yourDevices",
  offer: "useElsewhere",
  approve: "letDeviceIn",
  recovery: "recoveryCode",
  blocked: "blockedPeople",
  move: "moveTo",
  password: "password",
} as const;

function items(): readonly (keyof typeof titles)[] {
  const secrets = chat.password.value === "no" ? (["recovery"] as const) : (["password", "recovery"] as const);
  return ["name", "offer", "approve", "devices", ...secrets, "blocked", "move"];
}

export function You({ what }: { what: Open }) {
  const [view, go] = useState<View>((what.name as View) ?? "menu");
  const done = () => go("menu");
  return (
    <>
      <Title text={view === "menu" ? chat.me.value!.name : t(titles[view])} />
      {view === "menu" && (
        <ul>
          {items().map((one) => (
            <Item key={one} text={t(titles[one])} act={() => go(one)} />
          ))}
        </ul>
      )}
      {view === "name" && <Name done={done} />}
      {view === "devices" && <Devices />}
      {view === "offer" && <Offer done={done} />}
      {view === "approve" && <Approve done={done} />}
      {view === "recovery" && <Recovery />}
      {view === "blocked" && <Blocked />}
      {view === "move" && <Move />}
      {view === "password" && <Password done={done} />}
      {view !== "menu" && (
        <button type="button" class="link" onClick={done}>
          {t("stepBack")}
        </button>
      )}
    </>
  );
}
