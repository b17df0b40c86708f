// Settings: all of them for this device only.
import type { Signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { chat, close, open, screen, type Open } from "../app";
import { forgetDrafts } from "../drafts";
import { forget, remember } from "../memory";
import { clock, enterKey, rowsKind, sound, textSize, theme } from "../settings";
import { language, languages, t, type Key, type Language } from "../words";
import { hasSay } from "./known";
import { secureOf, type Secure } from "./secure";
import { Choice, Item, Sure, Title } from "./sheet";
import { ring } from "./sound";

interface Setting {
  title: Key;
  name: string;
  chosen: Signal<string>;
  values: readonly (readonly [value: string, words: Key])[];
  then?(value: string): void;
}

const settings: Setting[] = [
  { title: "theme", name: "theme", chosen: theme, values: [["auto", "system"], ["light", "light"], ["dark", "dark"], ["contrast", "contrast"]] },
  { title: "textSize", name: "size", chosen: textSize, values: [["small", "small"], ["usual", "usual"], ["large", "large"], ["largest", "largest"]] },
  { title: "rowsKind", name: "rows", chosen: rowsKind, values: [["usual", "usual"], ["compact", "compact"]] },
  { title: "clock", name: "clock", chosen: clock, values: [["auto", "system"], ["h23", "clock24"], ["h12", "clock12"]] },
  { title: "enterKey", name: "enter", chosen: enterKey, values: [["auto", "system"], ["send", "enterSends"], ["line", "keyNewline"]] },
  { title: "sound", name: "sound", chosen: sound, values: [["off", "off"], ["on", "soundOn"]], then: (value) => value === "on" && ring() },
];

function Group({ setting: { title, name, chosen, values, then } }: { setting: Setting }) {
  const set = (value: string) => {
    chosen.value = value;
    then?.(value);
  };
  return (
    <fieldset class="several">
      <legend>{t(title)}</legend>
      {values.map(([value, words]) => (
        <Choice name={name} value={value} now={chosen.value} set={set}>
          {t(words)}
        </Choice>
      ))}
    </fieldset>
  );
}

/** Every word on the page changes; what is written and queued is kept anyway. */
function speak(chosen: string): void {
  remember("language", chosen);
  location.reload();
}

function leave(): void {
  close();
  screen.value = "room";
  forgetDrafts();
  forget("standing");
  void import("./files").then((part) => part.forgetUnsaid(), () => undefined);
  void chat.leaveName();
}

export function Settings(_: { what: Open }) {
  const [sure, ask] = useState(false);
  const [secure, know] = useState<Secure>();
  useEffect(() => void secureOf().then(know), []);
  if (sure) return <Sure text={t("otherNameSure")} yes={t("otherName")} act={leave} no={() => ask(false)} />;
  return (
    <>
      <Title text={t("settings")} />
      {settings.map((setting) => (
        <Group key={setting.name} setting={setting} />
      ))}
      <fieldset class="several">
        <legend>{t("language")}</legend>
        {(Object.keys(languages) as Language[]).map((one) => (
          <Choice name="language" value={one} now={language} set={speak}>
            <span lang={one}>{languages[one]}</span>
          </Choice>
        ))}
      </fieldset>
      <p class="muted small">{t("settingsHere")}</p>
      {secure?.warning && <p class="muted small">{secure.warning}</p>}
      <ul>
        <Item text={t("youAndDevices")} act={() => (close(), open({ part: "self" }))} />
        {hasSay() && <Item text={t("door")} act={() => open({ part: "door" })} />}
        {secure && location.protocol === "http:" && (
          <Item text={t("secureConnection")} act={() => location.assign("/trust")} />
        )}
        {"serviceWorker" in navigator && (
          <Item text={t("keepOffline")} act={() => location.assign("/install.html" + location.hash)} />
        )}
        <Item text={t("otherName")} danger act={() => ask(true)} />
      </ul>
    </>
  );
}
