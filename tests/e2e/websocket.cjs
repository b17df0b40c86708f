// The WebSocket of browsers, as much of it as the client in protocol/README.md uses, for a Node that
// has none (before 22): node --require ./websocket.cjs client.mjs. RFC 6455, text frames only.
const http = require("node:http");
const { randomBytes } = require("node:crypto");

class WebSocket {
  constructor(url, protocol) {
    this.rest = Buffer.alloc(0);
    const request = http.request(url.replace(/^ws:/, "http:"), {
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
        "Sec-WebSocket-Protocol": protocol,
      },
    });
    request.on("upgrade", (response, socket, head) => {
      this.socket = socket;
      socket.on("data", (bytes) => this.take(bytes));
      this.onopen?.();
      this.take(head);
    });
    request.on("response", (response) => {
      throw new Error(`refused with ${response.statusCode}`);
    });
    request.end();
  }

  send(text) {
    const payload = Buffer.from(text);
    const mask = randomBytes(4);
    const head = Buffer.alloc(payload.length < 126 ? 2 : 4);
    head[0] = 0x81;
    head[1] = 0x80 | Math.min(payload.length, 126);
    if (head.length === 4) head.writeUInt16BE(payload.length, 2);
    this.socket.write(Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4])]));
  }

  take(bytes) {
    this.rest = Buffer.concat([this.rest, bytes]);
    while (this.rest.length >= 2) {
      let length = this.rest[1] & 0x7f;
      const start = length === 127 ? 10 : length === 126 ? 4 : 2;
      if (this.rest.length < start) return;
      if (length === 126) length = this.rest.readUInt16BE(2);
      if (length === 127) length = Number(this.rest.readBigUInt64BE(2));
      if (this.rest.length < start + length) return;
      const payload = this.rest.subarray(start, start + length);
      if ((this.rest[0] & 0x0f) === 1) this.onmessage?.({ data: payload.toString() });
      this.rest = this.rest.subarray(start + length);
    }
  }
}

globalThis.WebSocket ??= WebSocket;
