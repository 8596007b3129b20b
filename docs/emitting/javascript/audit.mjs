// Audit events from a Node.js program, sent in the background to Audit Manager.
//
//     const audit = new AuditSender("http://127.0.0.1:8000/v1/auditmanager", "/registry");
//     audit.emit("record.updated", { actor: { id: "ann" }, action: "update", outcome: "success" });
//     await audit.close();
//
// emit() never waits and never throws: what it took is sent in turns of the event loop, again and again until the
// service has it. The buffer is bounded and in memory, so close() at the end of the program.

import { randomUUID } from "node:crypto";

import { CloudEvent, HTTP } from "cloudevents";

// What the service takes in one request.
const BATCH_EVENTS = 500;
const BATCH_BYTES = 16 * 1024 * 1024;

// Sent again, these bodies would be refused again. Any other answer but 202 may be a passing one.
const REFUSED_FOR_GOOD = new Set([400, 413, 415, 422]);

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000; // unless the service asks for more
const LONGEST_ASKED_MS = 600_000;

export class AuditSender {
  accepted = 0; // the service has them
  refused = 0; // they break a rule; logged one by one
  dropped = 0; // the buffer was full

  #url;
  #source;
  #bufferEvents;
  #bufferBytes;
  #timeoutMs;
  #log;
  #waiting = []; // { id, json, bytes }, oldest first
  #unsettledEvents = 0; // those that wait, and those of the request under way
  #unsettledBytes = 0;
  #dropsSaid = 0;
  #sending = null; // a promise while something is being sent
  #interrupt = () => {}; // ends the wait or the request under way
  #closing = false;
  #deadline = Infinity;

  // `log` has warn and error, as console and the usual loggers have.
  constructor(url, source, { bufferEvents = 10_000, bufferBytes = 64 * 1024 * 1024, timeoutMs = 10_000, log = console } = {}) {
    this.#url = `${url.replace(/\/$/, "")}/events/batch`;
    this.#source = source;
    this.#bufferEvents = bufferEvents;
    this.#bufferBytes = bufferBytes;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
  }

  // Takes an event and returns at once. false: it is not taken, which is counted and logged. `attributes` are further
  // ones of CloudEvents (subject, traceparent) or replace the id and the time that it gets here.
  emit(type, data, attributes = {}) {
    // Here, once: a repeat with another id or time would be another event.
    const named = { id: randomUUID(), time: new Date().toISOString(), source: this.#source, type, ...attributes };
    let event;
    try {
      const json = HTTP.structured(new CloudEvent({ ...named, data })).body;
      event = { id: named.id, json, bytes: Buffer.byteLength(json) };
    } catch (error) {
      // Whatever it is, the caller's request goes on.
      this.refused += 1;
      this.#log.error(`event ${named.id} is refused before it is sent: ${error.message}`);
      return false;
    }
    if (
      this.#closing ||
      this.#unsettledEvents >= this.#bufferEvents ||
      this.#unsettledBytes + event.bytes > this.#bufferBytes
    ) {
      this.dropped += 1;
      // One line when it begins, and one with the number when it is over.
      if (this.dropped === this.#dropsSaid + 1) {
        this.#log.error(`the buffer is ${this.#closing ? "closed" : "full"}: events are dropped`);
      }
      return false;
    }
    this.#waiting.push(event);
    this.#unsettledEvents += 1;
    this.#unsettledBytes += event.bytes;
    this.#sending ??= this.#sendAll();
    return true;
  }

  // Takes no more, sends what is there, and resolves to how many events were not sent within the time.
  async close(deadlineMs = 10_000) {
    this.#closing = true;
    this.#deadline = performance.now() + deadlineMs;
    const timer = setTimeout(() => {
      this.#deadline = -Infinity; // timers come up to a millisecond early, and nothing would interrupt the next try
      this.#interrupt();
    }, deadlineMs);
    await this.#sending;
    clearTimeout(timer);
    this.#sayDrops();
    if (this.#unsettledEvents > 0) this.#log.error(`${this.#unsettledEvents} events were not sent before the end`);
    return this.#unsettledEvents;
  }

  async #sendAll() {
    // A turn of the event loop, so that what the caller emits in one go is one batch.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0 && performance.now() < this.#deadline) await this.#deliver(this.#nextBatch());
    this.#sending = null;
  }

  // As many events as one request holds.
  #nextBatch() {
    let count = 0;
    let size = 2;
    while (count < this.#waiting.length && count < BATCH_EVENTS) {
      size += this.#waiting[count].bytes + 1;
      if (count > 0 && size > BATCH_BYTES) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  // Sends until the fate of each event is known, or the deadline of close() is over. The service takes a request whole
  // or not at all: what it refuses is left out, and the rest sent without it.
  async #deliver(batch) {
    const parts = [batch];
    while (parts.length > 0) {
      const part = parts.pop();
      const answer = await this.#post(part);
      if (answer === null) return;
      if (answer.status === 202) {
        this.accepted += part.length;
        this.#settle(part);
        continue;
      }
      let reasons = refusals(answer.body, part.length);
      if (reasons.size === 0 && part.length > 1) {
        // The answer names no event: a limit below ours, or a proxy. Halves find the one that is meant.
        const middle = Math.floor(part.length / 2);
        parts.push(part.slice(middle), part.slice(0, middle));
        continue;
      }
      if (reasons.size === 0) reasons = new Map([[0, []]]);
      for (const [index, reason] of reasons) {
        this.#log.error(`event ${part[index].id} is refused: HTTP ${answer.status} ${reason.join(", ")}`);
      }
      this.refused += reasons.size;
      this.#settle(part.filter((_, index) => reasons.has(index)));
      const rest = part.filter((_, index) => !reasons.has(index));
      if (rest.length > 0) parts.push(rest);
    }
  }

  // The service's word on these events: 202, or refused for good. null: the deadline of close() is over.
  async #post(part) {
    const body = `[${part.map((event) => event.json).join(",")}]`;
    let longestWait = FIRST_WAIT_MS;
    while (performance.now() < this.#deadline) {
      let askedMs = 0;
      let why;
      try {
        const answer = await this.#request(body);
        if (answer.status === 202 || REFUSED_FOR_GOOD.has(answer.status)) return answer;
        why = `HTTP ${answer.status}`;
        askedMs = retryAfterMs(answer.retryAfter);
      } catch (error) {
        why = error.cause?.code ?? error.cause?.message ?? error.name;
      }
      // Not all callers at once, and not before the service asked for it.
      const wait = Math.max(Math.min(askedMs, LONGEST_ASKED_MS), longestWait * (0.5 + Math.random() / 2));
      longestWait = Math.min(2 * longestWait, LONGEST_WAIT_MS);
      this.#log.warn(`${part.length} events not sent yet: ${why}; next try in ${(wait / 1000).toFixed(1)} s`);
      await this.#pause(wait);
    }
    return null;
  }

  async #request(body) {
    const controller = new AbortController();
    this.#interrupt = () => controller.abort();
    const timer = setTimeout(() => controller.abort(), this.#timeoutMs);
    try {
      const answer = await fetch(this.#url, {
        method: "POST",
        headers: { "content-type": "application/cloudevents-batch+json" },
        body,
        redirect: "manual",
        signal: controller.signal,
      });
      // Read to its end, or the connection cannot be used again.
      return { status: answer.status, retryAfter: answer.headers.get("retry-after"), body: await answer.text() };
    } finally {
      clearTimeout(timer);
    }
  }

  async #pause(ms) {
    let timer;
    await new Promise((resolve) => {
      this.#interrupt = resolve;
      timer = setTimeout(resolve, Math.min(ms, this.#deadline - performance.now()));
    });
    clearTimeout(timer);
  }

  #settle(events) {
    this.#unsettledEvents -= events.length;
    this.#unsettledBytes -= events.reduce((sum, event) => sum + event.bytes, 0);
    this.#sayDrops();
  }

  #sayDrops() {
    if (this.dropped > this.#dropsSaid) {
      this.#log.error(`${this.dropped - this.#dropsSaid} events were dropped`);
      this.#dropsSaid = this.dropped;
    }
  }
}

// By index of the event: what is wrong with it, as code and path. Never a value: it may name a person.
function refusals(body, events) {
  const reasons = new Map();
  try {
    for (const { errorCode, path = "" } of JSON.parse(body).errors) {
      const named = /^events\[(\d+)\]\.?(.*)$/.exec(path);
      const index = named ? Number(named[1]) : 0;
      if (index >= events || (!named && events > 1)) continue;
      reasons.set(index, [...(reasons.get(index) ?? []), `${errorCode} ${named?.[2] ?? ""}`.trimEnd()]);
    }
  } catch {
    // A proxy's page, not the service's envelope.
  }
  return reasons;
}

// Of the header: seconds, or a date. 0: neither, or none.
function retryAfterMs(value) {
  if (value === null) return 0;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  return Math.max(0, (Date.parse(value) || 0) - Date.now());
}
