// A board without a clock gets the time from the device of an administrator.
import { chat } from "../app";
import { t } from "../words";

/* The board's time and the device's are compared over a network that may be slow. */
const off_ms = 60000;

function give(): Promise<void> {
  return chat.do({ type: "clock", time: Date.now() }).then(
    () => chat.say({ key: "text", text: t("clockIsSet") }, 5000),
    (error: Error) => chat.say({ key: "text", text: error.message }),
  );
}

/** Offers it where the board's clock is unset or far off, and nothing better keeps it. */
export async function offerClock(): Promise<void> {
  if (chat.role.peek() !== "admin") return;
  const { time, state } = await chat.do({ type: "clock" });
  const is_off = Math.abs(time - Date.now()) > off_ms;
  if (state === "synchronised" || (state !== "unset" && !is_off)) return;
  const notice = {
    key: "text" as const,
    text: t("clockIsOff"),
    acts: [{ words: "clockSet" as const, does: () => void give() }],
  };
  chat.say(notice);
}
