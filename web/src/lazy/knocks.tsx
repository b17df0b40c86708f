// Who waits at the door: let in or turned away by a tap.
import { useEffect } from "preact/hooks";
import { chat } from "../app";
import { t } from "../words";
import { admit, admitAll, askKnocks, knocks } from "./known";
import { useTry, Wrong } from "./sheet";

export function Knocks() {
  const { wrong, run } = useTry();
  const open = chat.link.value.is === "open";
  const mode = chat.newcomers.value;
  useEffect(() => {
    if (open) run(askKnocks);
  }, [open, mode]);
  if (!knocks.value.length && !wrong) return null;
  return (
    <section>
      <h2>{t("atTheDoor", { n: knocks.value.length })}</h2>
      {knocks.value.length > 1 && (
        <p class="row-of">
          <button class="chip" onClick={() => run(() => admitAll(false))}>
            {t("turnAllAway")}
          </button>
          <button class="chip" onClick={() => run(() => admitAll(true))}>
            {t("letAllIn")}
          </button>
        </p>
      )}
      <ul>
        {knocks.value.map(({ user, text }) => (
          <li key={user} class="knock">
            <p>
              <bdi>{user}</bdi>
              {text && <span class="muted"> {text}</span>}
            </p>
            <span class="row-of">
              <button class="chip" aria-label={`${t("turnAway")}: ${user}`} onClick={() => run(() => admit(user, false))}>
                {t("turnAway")}
              </button>
              <button class="chip" aria-label={`${t("letInThem")}: ${user}`} onClick={() => run(() => admit(user, true))}>
                {t("letInThem")}
              </button>
            </span>
          </li>
        ))}
      </ul>
      <Wrong text={wrong} />
    </section>
  );
}
