"use strict";
// Draws the records that stand behind this script, one JSON object each. Everything that came from
// a peer is only ever set as text.
(() => {
  const ROW = 34;
  const TIME = {at: 8, wide: 86};
  const LANES_AT = 110;
  const byId = (id) => document.getElementById(id);

  // ---- records to rows

  function readRecords() {
    const records = [];
    for (const element of document.querySelectorAll('script[type="application/json"]')) {
      try {
        records.push(JSON.parse(element.textContent));
      } catch {
        broken++;  // the last one, when the program was killed while it wrote
      }
    }
    return records;
  }

  // Octets, control characters and what turns the direction of writing become visible. Octets that
  // are no UTF-8 were written as U+EF80 to U+EFFF.
  function visible(text, lines) {
    const marks =
      /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\uef80-\uefff]/g;
    return text.replace(marks, (mark) => {
      const code = mark.charCodeAt(0);
      if (lines && (mark === "\n" || mark === "\t")) return mark;
      if (lines && mark === "\r") return "";
      if (code >= 0xef80) return "\\x" + (code - 0xef00).toString(16).toUpperCase();
      if (code < 0x100) return "\\x" + code.toString(16).toUpperCase().padStart(2, "0");
      return "\\u{" + code.toString(16).toUpperCase() + "}";
    });
  }

  function header(record, name) {
    const field = (record.headers || []).find(([known]) => known.toLowerCase() === name);
    return field ? field[1] : "";
  }

  function bodyOf(record) {
    if (record.body !== undefined) return record.body;
    if (record.body_base64 === undefined) return "";
    let text = "";
    for (const octet of atob(record.body_base64)) {
      const code = octet.charCodeAt(0);
      text += code < 0x80 ? octet : String.fromCharCode(0xef00 + code);
    }
    return text;
  }

  function headOf(record) {
    if (record.tid === undefined) return "";
    const first = record.kind === "request" ? record.method
      : `${String(record.status).padStart(3, "0")} ${record.comment}`;
    const lines = record.headers.map(([name, value]) => `${name}: ${value}`);
    return visible([`MSRP ${record.tid} ${first}`, ...lines].join("\n"), true);
  }

  function sizeText(bytes) {
    if (bytes < 1024) return `${bytes} B`;
    const units = ["KiB", "MiB", "GiB", "TiB"];
    let unit = -1;
    do { bytes /= 1024; unit++; } while (bytes >= 1024 && unit + 1 < units.length);
    return `${bytes.toFixed(1)} ${units[unit]}`;
  }

  // What both ends wrote of one chunk becomes one row. Rows know their lanes by address.
  function makeRows(records) {
    const rows = [];
    const unmatched = new Map();
    for (const record of records.filter((each) => typeof each.t === "number")) {
      const sent = record.direction !== "received";
      const from = sent ? record.local : record.remote;
      const to = sent ? record.remote : record.local;
      const row = {record, from, to, sentAt: null, receivedAt: null, receiver: null};
      if (record.tid !== undefined) {
        const key = JSON.stringify([record.kind, record.tid, from, to]);
        const side = record.direction;
        const waiting = unmatched.get(key) || [];
        const twin = waiting.find((each) => each[side + "At"] === null &&
                                            each.record.endpoint !== record.endpoint);
        if (twin) {
          waiting.splice(waiting.indexOf(twin), 1);
          twin[side + "At"] = record.t;
          if (side === "received") twin.receiver = record;
          else [twin.receiver, twin.record] = [twin.record, record];
          continue;
        }
        row[side + "At"] = record.t;
        unmatched.set(key, [...waiting, row]);
      }
      rows.push(row);
    }
    for (const row of rows) row.t = row.sentAt ?? row.record.t;
    rows.sort((a, b) => a.t - b.t || a.record.n - b.record.n);
    return rows;
  }

  function describeRows(rows) {
    const asked = new Map();
    for (const row of rows) {
      const record = row.record;
      row.message = header(record, "message-id");
      if (record.kind === "request") {
        asked.set(JSON.stringify([record.tid, row.from, row.to]), row.message);
      }
      row.size = record.body_bytes;
      row.body = visible(bodyOf(record), true);
      row.head = headOf(record);
      row.trouble = record.kind === "illegal" || record.invalid !== undefined ||
        record.flag === null || record.flag === "#" || (record.kind === "response" &&
        record.status >= 300) || (record.kind === "log" && record.level !== "debug" &&
        record.level !== "info") || /^\d{3} [3-9]/.test(header(record, "status"));
      [row.name, row.more] = labelOf(record);
      row.text = [row.name, row.more, row.head, row.body].join("\n").toLowerCase();
    }
    for (const row of rows) {
      if (row.record.kind === "response") {
        row.message = asked.get(JSON.stringify([row.record.tid, row.to, row.from])) || "";
      }
      row.style = styleOf(row);
    }
  }

  function labelOf(record) {
    switch (record.kind) {
      case "request": {
        const parts = [header(record, "byte-range"), header(record, "status")];
        parts.push(record.flag === null ? "cut off" : record.flag === "$" ? "" : record.flag);
        if (record.invalid) parts.push(record.invalid);
        return [visible(record.method), visible(parts.filter(Boolean).join("  "))];
      }
      case "response":
        return [String(record.status), visible(record.comment)];
      case "illegal":
        return ["illegal data", `${record.error} at octet ${record.offset}`];
      case "log":
        return [record.level, visible(record.text)];
      case "connected":
        return [record.accepted ? "accepted" : "connected", visible(record.endpoint || "")];
      default:
        return [record.kind, visible(record.endpoint || "")];
    }
  }

  function styleOf(row) {
    const {kind, method} = row.record;
    if (row.trouble) return "bad";
    if (kind === "response") return "good";
    if (kind !== "request") return "note";
    return method === "SEND" ? "send" : method === "REPORT" ? "report" : "other";
  }

  // ---- the page

  const rows = [];
  let broken = 0;
  let shown = [];
  let lanes = [];
  let laneWide = 0;
  let columns = [];
  let picked = null;
  const drawn = new Map();

  function element(parent, classes, text, left, width) {
    const made = document.createElement("div");
    made.className = classes;
    if (text !== undefined) made.textContent = text;
    if (left !== undefined) made.style.left = `${left}px`;
    if (width !== undefined) made.style.width = `${width}px`;
    parent.append(made);
    return made;
  }

  const laneX = (lane) => LANES_AT + laneWide * (lane + 0.5);

  function arrange() {
    const names = new Map();
    for (const row of shown) {
      for (const address of [row.record.local, row.record.remote]) {
        if (address !== undefined && !names.has(address)) names.set(address, "");
      }
      if (row.record.endpoint && row.record.local) names.set(row.record.local, row.record.endpoint);
      const taker = row.receiver;
      if (taker && taker.endpoint) names.set(taker.local, taker.endpoint);
    }
    const oneEnd = rows.every((row) => !row.record.endpoint);
    if (oneEnd) {
      for (const row of shown) if (row.record.local) names.set(row.record.local, "this end");
    }
    lanes = [...names.keys()];
    const room = byId("scroll").clientWidth;
    const fair = (room - LANES_AT - 520) / Math.max(lanes.length, 1);
    laneWide = Math.max(lanes.length > 3 ? 150 : 200, Math.min(300, fair));
    const at = LANES_AT + laneWide * lanes.length + 8;
    columns = [["size", "Size", at, 72], ["mono", "Transaction", at + 86, 140],
               ["mono", "Message", at + 236, 170], ["", "Body", at + 416, 0]];
    const wide = at + 416 + 160;
    const heads = byId("heads");
    heads.replaceChildren();
    byId("rows").replaceChildren();
    drawn.clear();
    for (const part of [heads, byId("rows")]) part.style.width = `max(100%, ${wide}px)`;
    element(heads, "cell time", "Time, s", TIME.at, TIME.wide);
    for (const [classes, title, left, width] of columns) {
      element(heads, `cell ${classes === "size" ? classes : ""}`, title, left, width || undefined);
    }
    lanes.forEach((address, lane) => {
      const cell = element(heads, "lane", undefined, LANES_AT + laneWide * lane + 4, laneWide - 8);
      const name = document.createElement("b");
      name.textContent = names.get(address) || "peer";
      cell.append(name, address);
      cell.title = address;
      element(byId("rows"), "life", undefined, laneX(lane));
    });
    byId("rows").style.height = `${Math.max(shown.length * ROW + 12, 60)}px`;
  }

  function drawRow(row, index) {
    const line = element(byId("rows"), "row");
    line.style.top = `${index * ROW}px`;
    line.title = row.head || `${row.name} ${row.more}`;
    element(line, "cell time", row.t.toFixed(6), TIME.at, TIME.wide);
    const from = lanes.indexOf(row.from);
    const to = lanes.indexOf(row.to);
    let left = LANES_AT + 6;
    let width = laneWide * Math.max(lanes.length, 1) - 12;
    if (from >= 0 && to >= 0) {
      left = Math.min(laneX(from), laneX(to));
      width = Math.max(Math.abs(laneX(from) - laneX(to)), 20);
      const thin = row.record.tid === undefined ? " thin" : "";
      const way = to > from ? "right" : "left";
      element(line, `arrow ${way} ${row.style}${thin}`, undefined, left + 1, width - 1);
    }
    const label = element(line, `label ${row.style}`, undefined, left + 8, width - 16);
    const plate = document.createElement("span");  // lifelines do not cross the text
    plate.className = "plate";
    const more = document.createElement("span");
    more.textContent = row.more ? ` ${row.more}` : "";
    plate.append(row.name, more);
    label.append(plate);
    const size = row.size === undefined || !row.record.has_body ? "" : sizeText(row.size);
    const flat = row.body.replace(/\s+/g, " ");
    const texts = [size, visible(row.record.tid || ""), visible(row.message), flat];
    columns.forEach(([classes, , at, wide], i) => {
      const cell = element(line, `cell ${classes}`, texts[i], at, wide || undefined);
      if (!wide) cell.style.right = "8px";
    });
    line.addEventListener("click", () => pick(row));
    line.addEventListener("mouseenter", () => mark(row));
    return line;
  }

  // Only what can be seen is in the document, so that a long trace scrolls like a short one.
  function draw() {
    const view = byId("scroll");
    const first = Math.max(0, Math.floor(view.scrollTop / ROW) - 10);
    const last = Math.min(shown.length, first + Math.ceil(view.clientHeight / ROW) + 20);
    for (const [index, line] of drawn) {
      if (index < first || index >= last) {
        line.remove();
        drawn.delete(index);
      }
    }
    for (let index = first; index < last; index++) {
      if (!drawn.has(index)) drawn.set(index, drawRow(shown[index], index));
    }
    mark(picked);
  }

  function isKin(a, b) {
    return a.record.tid !== undefined && a.record.tid === b.record.tid;
  }

  function mark(row) {
    for (const [index, line] of drawn) {
      line.classList.toggle("picked", shown[index] === picked);
      line.classList.toggle("kin", row !== null && shown[index] !== picked &&
                            isKin(row, shown[index]));
    }
  }

  function pick(row) {
    const opens = byId("detail").hidden !== (row === null);
    picked = row;
    byId("detail").hidden = row === null;
    if (opens) {
      arrange();
      draw();
    }
    mark(picked);
    if (row === null) return;
    const record = row.record;
    byId("what").textContent = `${row.name} ${row.more}`;
    const facts = byId("facts");
    facts.replaceChildren();
    const add = (name, value) => {
      if (value === undefined || value === null || value === "") return;
      const term = document.createElement("dt");
      const text = document.createElement("dd");
      term.textContent = name;
      text.textContent = visible(String(value));
      facts.append(term, text);
    };
    const seconds = (t) => (t === null || t === undefined ? "" : `${t.toFixed(6)} s`);
    add("From", row.from);
    add("To", row.to);
    add(row.sentAt === null && row.receivedAt === null ? "At" : "Sent", row.sentAt === null &&
        row.receivedAt === null ? seconds(row.t) : seconds(row.sentAt));
    add("Received", seconds(row.receivedAt));
    add(record.direction === "received" ? "Received whole" : "Sent whole", seconds(record.t_end));
    add("Session", record.session);
    add("Transaction", record.tid);
    add("Message", row.message);
    if (record.has_body) add("Body", `${record.body_bytes} octets`);
    add("Flag", record.flag === null ? "none, it was cut off" : record.flag);
    add("Invalid", record.invalid);
    byId("head").textContent = row.head || row.more || row.name;
    const empty = row.body === "";
    byId("body-title").textContent = record.body_cut ? "Beginning of the body" : "Body";
    byId("body").textContent = !empty ? row.body : !record.has_body ? "(none)"
      : record.body_bytes === 0 ? "(empty)" : "(not in this trace; see --trace-body)";
  }

  function filter() {
    const text = byId("find").value.toLowerCase();
    const session = byId("session").value;
    const message = byId("message").value;
    const kind = byId("kinds").value;
    shown = rows.filter((row) =>
      (!text || row.text.includes(text)) &&
      (!session || String(row.record.session) === session) &&
      (!message || row.message === message) &&
      (!kind || (kind === "trouble" ? row.trouble
                                    : kind === row.record.kind || kind === row.record.method)));
    const all = `${rows.length} ${rows.length === 1 ? "row" : "rows"}`;
    byId("count").textContent = (shown.length === rows.length ? all : `${shown.length} of ${all}`) +
      (broken > 0 ? ", the last record is cut off" : "");
    arrange();
    byId("scroll").scrollTop = 0;
    draw();
  }

  function addOptions(id, values, text) {
    for (const value of values) byId(id).add(new Option(text(value), value));
  }

  function move(step) {
    if (shown.length === 0) return;
    const now = shown.indexOf(picked);
    const next = Math.min(Math.max(now + step, 0), shown.length - 1);
    const view = byId("scroll");
    const room = view.clientHeight - byId("heads").offsetHeight - ROW;
    view.scrollTop = Math.min(Math.max(view.scrollTop, next * ROW - room), next * ROW);
    pick(shown[next]);
    draw();
  }

  function start() {
    for (const row of makeRows(readRecords())) rows.push(row);
    describeRows(rows);
    const sessions = new Set(rows.map((row) => row.record.session).filter(Boolean));
    addOptions("session", [...sessions].sort((a, b) => a - b), (number) => `session ${number}`);
    addOptions("message", new Set(rows.map((row) => row.message).filter(Boolean)),
               (id) => visible(id));
    for (const id of ["find", "session", "message", "kinds"]) {
      byId(id).addEventListener("input", filter);
    }
    byId("scroll").addEventListener("scroll", draw);
    byId("close").addEventListener("click", () => pick(null));
    byId("scroll").addEventListener("mouseleave", () => mark(picked));
    window.addEventListener("resize", () => { arrange(); draw(); });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return pick(null);
      if (["INPUT", "SELECT"].includes(event.target.tagName)) return;
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    });
    filter();
  }

  document.addEventListener("DOMContentLoaded", start);  // the records come behind this script
})();
