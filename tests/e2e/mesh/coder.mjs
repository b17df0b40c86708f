// Meshtastic's packets by its own coder, and its cipher by Node's: a line of JSON in, a line of JSON out.
//   {"do": "packet" | "envelope" | "user", ...}  ->  {"bytes"}: Base64 of what a radio sends
//   {"do": "read", "bytes", "as": "packet" | "envelope" | "user", "key"}  ->  its fields
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import crypto from "node:crypto";
import readline from "node:readline";

const modules = createRequire(`${process.env.HEARTH_MESH_MODULES}/`);
const bring = async (name) => import(pathToFileURL(modules.resolve(name)));
const { create, toBinary, fromBinary } = await bring("@bufbuild/protobuf");
const { Mesh, Mqtt } = await bring("@meshtastic/protobufs");
const wellKnown = Buffer.from("d4f1bb3a20290759f0bcffabcf4e6901", "hex");

function keyOf(text) {
  const key = Buffer.from(text, "base64");
  if (key.length !== 1) return key;
  return Buffer.from([...wellKnown.subarray(0, 15), wellKnown[15] + key[0] - 1]);
}

function cipher(bytes, key, from, id) {
  if (key.length === 0) return Buffer.from(bytes);
  const counter = Buffer.alloc(16);
  counter.writeUInt32LE(id, 0);
  counter.writeUInt32LE(from, 8);
  const aes = crypto.createCipheriv(`aes-${key.length * 8}-ctr`, key, counter);
  return Buffer.concat([aes.update(bytes), aes.final()]);
}

const hashOf = (name, key) => [...Buffer.from(name), ...key].reduce((sum, byte) => sum ^ byte, 0);

function packetOf(ask) {
  const key = keyOf(ask.key);
  const payload = ask.payload ? Buffer.from(ask.payload, "base64") : Buffer.from(ask.text ?? "");
  const data = create(Mesh.DataSchema, { portnum: ask.port ?? 1, payload, replyId: ask.reply_id ?? 0,
    emoji: ask.emoji ? 1 : 0, bitfield: 1 });
  const sealed = cipher(toBinary(Mesh.DataSchema, data), key, ask.from, ask.id);
  return create(Mesh.MeshPacketSchema, { from: ask.from, to: ask.to ?? 0xffffffff, id: ask.id, hopLimit: 3, hopStart: 3,
    channel: ask.plain ? 0 : hashOf(ask.channel, key), rxTime: 1700000000, rxSnr: 5.5, rxRssi: -90, wantAck: true,
    payloadVariant: ask.plain ? { case: "decoded", value: data } : { case: "encrypted", value: sealed } });
}

function fieldsOf(packet, key) {
  const is_sealed = packet.payloadVariant.case === "encrypted";
  const data = is_sealed
    ? fromBinary(Mesh.DataSchema, cipher(packet.payloadVariant.value, key, packet.from, packet.id))
    : packet.payloadVariant.value;
  return { from: packet.from, to: packet.to, id: packet.id, hash: packet.channel, hop_limit: packet.hopLimit,
    hop_start: packet.hopStart, via_mqtt: packet.viaMqtt, is_sealed, port: data.portnum,
    text: Buffer.from(data.payload).toString(), payload: Buffer.from(data.payload).toString("base64"),
    length: data.payload.length, reply_id: data.replyId, emoji: data.emoji, bitfield: data.bitfield ?? null };
}

function read(ask) {
  const bytes = Buffer.from(ask.bytes, "base64");
  if (ask.as === "user") {
    const { id, longName, shortName, isLicensed } = fromBinary(Mesh.UserSchema, bytes);
    return { id, long_name: longName, short_name: shortName, is_licensed: isLicensed };
  }
  if (ask.as === "packet") return fieldsOf(fromBinary(Mesh.MeshPacketSchema, bytes), keyOf(ask.key));
  const envelope = fromBinary(Mqtt.ServiceEnvelopeSchema, bytes);
  return { channel: envelope.channelId, gateway: envelope.gatewayId, ...fieldsOf(envelope.packet, keyOf(ask.key)) };
}

function write(ask) {
  if (ask.do === "user")
    return toBinary(Mesh.UserSchema, create(Mesh.UserSchema, { id: ask.id, longName: ask.long_name,
      shortName: ask.short_name, hwModel: 43 }));
  if (ask.do === "packet") return toBinary(Mesh.MeshPacketSchema, packetOf(ask));
  return toBinary(Mqtt.ServiceEnvelopeSchema, create(Mqtt.ServiceEnvelopeSchema, { packet: packetOf(ask),
    channelId: ask.channel, gatewayId: ask.gateway }));
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  const answer = ask.do === "read" ? read(ask) : { bytes: Buffer.from(write(ask)).toString("base64") };
  process.stdout.write(JSON.stringify(answer) + "\n");
}
