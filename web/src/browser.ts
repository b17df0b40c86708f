// What the page needs of the browser, gathered: sockets, clock, chance.
import type { Socket, Surroundings } from "./connection";

/** Whether a socket has ever opened here; where none does, messages travel over plain HTTP. */
let opened = false;
let tries = 0;
const blocked_after = 3;

function openSocket(): Socket {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws`, "hearth.v1");
  socket.addEventListener("open", () => (opened = true));
  return socket as unknown as Socket;
}

function openStream(): Socket {
  let close = () => {};
  const socket: Socket = { send() {}, close: () => close(), onopen: null, onmessage: null, onclose: null };
  const ended = () => socket.onclose?.({ code: 0, reason: "" });
  import("./lazy/stream").then(({ carry, rooms_max }) => {
    const carried = carry({
      message: (frame) => socket.onmessage?.({ data: JSON.stringify(frame) }),
      closed: ended,
    });
    socket.send = carried.send;
    close = carried.close;
    socket.roomsMax = rooms_max;
    socket.onopen?.();
  }, ended);
  return socket;
}

export const browser: Surroundings = {
  open() {
    const none = typeof WebSocket === "undefined";
    /* Every other one is still a socket: a gateway that restarts is no blocked socket. */
    if (none || (!opened && ++tries > blocked_after && tries % 2 === 0)) return openStream();
    return openSocket();
  },
  now: () => performance.now(),
  random: Math.random,
  setTimeout: (call, ms) => window.setTimeout(call, ms),
  clearTimeout: (timer) => window.clearTimeout(timer),
};
