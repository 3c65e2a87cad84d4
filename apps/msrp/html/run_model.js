"use strict";
// The records that stand behind this script, made fit to be drawn. What was on the wire is only
// ever set as text.

const countText = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

const readRun = () => {
  const MESSAGE_EVENTS = new Set(["send", "started", "whole", "ended", "delivered", "reported",
                                  "failed", "done", "abort"]);
  const GOOD_EVENTS = new Set(["bound", "whole", "delivered", "reported"]);
  const BAD_EVENTS = new Set(["failed", "ended", "ticket failed", "abort", "closed"]);
  // Those are drawn as bands.
  const BAND_EVENTS = new Set(["cut", "mend", "crash", "restart", "drought", "drought over"]);

  const run = {info: {hosts: [], options: [], seed: ""}, verdict: null, chunks: [], events: [],
               bands: [], phases: [], broken: 0, end: 0};
  const open = new Map();  // bands that have not ended

  // Octets, control characters and what turns the direction of writing become visible. Octets that
  // are no UTF-8 were written as U+EF80 to U+EFFF.
  const visible = (text) => text.replace(/\r\n/g, "\n").replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\uef80-\uefff]/g,
    (mark) => {
      const code = mark.charCodeAt(0);
      const hex = (code >= 0xef80 ? code - 0xef00 : code).toString(16).toUpperCase();
      return code >= 0x100 && code < 0xef80 ? `\\u{${hex}}` : `\\x${hex.padStart(2, "0")}`;
    });

  const header = (head, name) => {
    const at = head.indexOf(`\n${name}: `);
    if (at < 0) return "";
    const begin = at + name.length + 3;
    const end = head.indexOf("\n", begin);
    return head.slice(begin, end < 0 ? undefined : end);
  };

  // What an engine made up says little.
  const shortName = (id) => /^message-\d+$/.test(id) ? id.slice(8)
    : id.length > 7 ? `${id.slice(0, 6)}\u2026` : id;

  const beginBand = (key, band) => {
    if (open.has(key)) return;
    open.set(key, band);
    run.bands.push(band);
  };
  const endBand = (key, t) => {
    const band = open.get(key);
    if (band) band.end = t;
    open.delete(key);
  };

  function addFault({t, what, a, b}) {
    if (what === "cut") beginBand(`cut ${a} ${b}`, {kind: "cut", a, b, t, end: null});
    if (what === "mended") endBand(`cut ${a} ${b}`, t);
    if (what === "crashed" || what === "vanished") {
      beginBand(`crash ${a}`, {kind: "crash", silent: what === "vanished", a, b: a, t, end: null});
      endBand(`drought ${a}`, t);
    }
    if (what === "restarted") endBand(`crash ${a}`, t);
  }

  function addEvent({t, host, what, detail}) {
    if (what === "drought") beginBand(`drought ${host}`, {kind: "drought", a: host, b: host, t,
                                                          end: null});
    if (what === "drought over") endBand(`drought ${host}`, t);
    if (BAND_EVENTS.has(what)) return;
    const ofMessage = MESSAGE_EVENTS.has(what);
    run.events.push({
      kind: "event", t, end: t, host, what, detail, layer: what === "data" ? "data" : "events",
      message: ofMessage ? `message-${detail}` : "", label: `${what} ${detail}`,
      style: GOOD_EVENTS.has(what) ? "good" : BAD_EVENTS.has(what) ? "bad" : "event",
      text: `${what} ${ofMessage ? "message-" : ""}${detail}`,
    });
  }

  function addStream({t, what, stream, by, to}) {
    run.events.push({kind: "stream", t, end: t, host: by, what, detail: stream, to, message: "",
                     layer: "streams", label: `stream ${stream} ${what}`,
                     style: what === "reset" ? "bad" : "stream", text: `stream ${stream} ${what}`});
  }

  function addPhase({t, what}) {
    run.phases.push({t, what});
    if (what === "peace") {
      for (const key of [...open.keys()]) if (key.startsWith("drought")) endBand(key, t);
    }
  }

  function addChunk(record) {
    const head = visible(record.head || "");
    const [, tid = "", ...rest] = head.split("\n", 1)[0].split(" ");
    const first = rest.join(" ");
    const status = Number(first.slice(0, 3));
    const chunk = {...record, head, tid, first, message: header(head, "Message-ID")};
    chunk.lost = record.arrived === null;
    chunk.lostAt = record.lost;
    chunk.begun = record.t;
    chunk.t = record.written ?? record.t;
    chunk.end = record.arrived ?? record.lost ?? chunk.t;
    const isReport = first === "REPORT";
    const state = isReport ? header(head, "Status") : "";
    chunk.layer = record.kind === "octets" ? "octets" : /^\d{3}/.test(first)
      ? (status >= 300 ? "errors" : "answers") : isReport ? "reports" : first === "SEND"
        ? "sends" : "others";
    // It holds a session up, or binds one.
    const isEmpty = record.flag !== null && !header(head, "Content-Type");
    if (chunk.layer === "sends" && isEmpty) chunk.layer = "empties";
    chunk.trouble = chunk.layer === "errors" || / [3-9]\d\d/.test(state);
    const range = isReport ? state : header(head, "Byte-Range");
    const name = shortName(chunk.message);
    const flag = record.flag === null ? " unfinished" : record.flag === "$" ? ""
      : ` ${record.flag}`;
    chunk.labels = record.kind === "octets" ? [countText(record.octets, "octet")]
      : [[first, name, range].filter(Boolean).join(" ") + flag, `${first} ${name}${flag}`,
         first + flag];
    run.chunks.push(chunk);
  }

  const readers = {
    run: (record) => { run.info = record; }, verdict: (record) => { run.verdict = record; },
    event: addEvent, stream: addStream, phase: addPhase, fault: addFault, chunk: addChunk,
    octets: addChunk,
  };
  for (const element of document.querySelectorAll('script[type="application/json"]')) {
    let record = null;
    try {
      record = JSON.parse(element.textContent);
    } catch {
      run.broken++;  // the last one, when the program was killed while it wrote
      continue;
    }
    (readers[record.kind] || (() => {}))(record);
  }

  const byTime = (a, b) => a.t - b.t;
  run.chunks.sort(byTime);
  run.events.sort(byTime);
  run.bands.sort(byTime);
  // What an answer is about stands in the request.
  const asked = new Map();
  for (const chunk of run.chunks) {
    const way = `${chunk.stream} ${chunk.tid}`;
    if (chunk.layer === "answers" || chunk.layer === "errors") {
      const request = asked.get(`${way} ${chunk.to}`);
      chunk.message = request?.message ?? "";
      if (request?.layer === "empties" && chunk.layer === "answers") chunk.layer = "empties";
      const name = shortName(chunk.message);
      if (name) chunk.labels.unshift(`${chunk.first} ${name}`);
    } else {
      asked.set(`${way} ${chunk.from}`, chunk);
    }
    chunk.style = {sends: "send", reports: chunk.trouble ? "bad" : "report", answers: "good",
                   errors: "bad", empties: "empty", octets: "empty", others: "report"}[chunk.layer];
    chunk.text = `${chunk.head}\n${chunk.message}`.toLowerCase();
  }
  const ends = [...run.chunks.map((each) => each.end), ...run.events.map((each) => each.t),
                ...run.phases.map((each) => each.t),
                ...run.bands.map((each) => each.end ?? each.t)];
  run.end = ends.reduce((last, t) => Math.max(last, t), run.verdict?.virtual_time ?? 1e9);
  for (const band of run.bands) {
    band.open = band.end === null;
    band.end ??= run.end;
  }
  return run;
};

// Time as it is drawn: silence may be folded, so that seconds in which nothing happens, or nothing
// but empty chunks that arrive, take as much room as one.
const makeFold = (run, folded) => {
  const LONG = 1.5e9;
  const SHORT = 0.6e9;
  const times = [0, run.end];
  for (const {begun, t, end, layer, lost} of run.chunks) {
    if (layer !== "empties" || lost || end - begun > LONG) times.push(begun, t, end);
  }
  for (const {t} of [...run.events, ...run.phases]) times.push(t);
  for (const {t, end} of run.bands) times.push(t, end);
  const sorted = Float64Array.from(times).sort();
  const from = [0];
  const to = [0];
  const gaps = [];
  for (let i = 1; i < sorted.length; i++) {
    const gap = sorted[i] - sorted[i - 1];
    if (!folded || gap < LONG) continue;
    const at = to[to.length - 1] + sorted[i - 1] - from[from.length - 1];
    from.push(sorted[i - 1], sorted[i]);
    to.push(at, at + SHORT);
    gaps.push({t: sorted[i - 1], end: sorted[i]});
  }
  const map = (x, xs, ys) => {
    let low = 0;
    let high = xs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (xs[middle] <= x) low = middle;
      else high = middle - 1;
    }
    const slope = low + 1 < xs.length ? (ys[low + 1] - ys[low]) / (xs[low + 1] - xs[low]) : 1;
    return ys[low] + (x - xs[low]) * (Number.isFinite(slope) ? slope : 1);
  };
  return {gaps, place: (t) => map(t, from, to), time: (u) => map(u, to, from)};
};
