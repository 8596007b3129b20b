// Sends the events on standard input, each a line of JSON such as
//
//     {"type": "record.read", "data": {"actor": {"id": "ann"}, "action": "read", "outcome": "success"}}
//
// through an AuditSender, and says at the end what became of them. To see the sender work, and to test it.

import { createInterface } from "node:readline";

import { AuditSender } from "./audit.mjs";

const settings = process.env;
const audit = new AuditSender(settings.AUDIT_URL, "/emit-lines/javascript", {
  bufferEvents: Number(settings.AUDIT_BUFFER_EVENTS ?? 10_000),
  timeoutMs: Number(settings.AUDIT_TIMEOUT_SECONDS ?? 10) * 1000,
});
for await (const line of createInterface({ input: process.stdin })) {
  const { type, data, ...attributes } = JSON.parse(line);
  audit.emit(type, data, attributes);
}
const unsent = await audit.close(Number(settings.AUDIT_CLOSE_SECONDS ?? 10) * 1000);
const { accepted, refused, dropped } = audit;
console.log(JSON.stringify({ accepted, refused, dropped, unsent }));
process.exitCode = refused || dropped || unsent ? 1 : 0;
