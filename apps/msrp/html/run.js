"use strict";
// Draws the run whose records stand behind this script, one JSON object each. Time goes downwards.
// Everything that came from a peer is only ever set as text.
document.addEventListener("DOMContentLoaded", () => {
  const TOP = 34;  // of the hosts' names
  const LEFT = 76;  // of the times
  const byId = (id) => document.getElementById(id);
  const canvas = byId("view");
  const pen = canvas.getContext("2d");

  // ---- records

  const run = {options: {}, hosts: [], chunks: [], notes: [], cuts: [], downs: [], ends: []};
  let verdict = {verdict: "not finished", what: "the program was stopped", seconds: 0};

  function kindOf(chunk) {
    if (chunk.head === "") return "noise";
    const word = chunk.name.split(" ")[0];
    if (/^\d/.test(word)) return word < "300" ? "good" : "bad";
    return word === "SEND" ? "send" : word === "REPORT" ? "report" : "other";
  }

  // A fault and its end are two records.
  function close(list, from, to, t) {
    for (const each of list) {
      if (each.from === from && each.to === to && each.end === null) each.end = t;
    }
  }

  function takeFault(record) {
    const span = {from: record.from, to: record.to, t: record.t, end: null, what: record.what};
    if (record.what === "cut") run.cuts.push(span);
    if (record.what === "mended") close(run.cuts, record.from, record.to, record.t);
    if (record.what === "crashed" || record.what === "vanished") run.downs.push(span);
    if (record.what === "restarted") close(run.downs, record.from, record.to, record.t);
  }

  function take(record) {
    if (record.kind === "run") Object.assign(run, {options: record.options, hosts: record.hosts});
    if (record.kind === "chunk") run.chunks.push({...record, style: kindOf(record)});
    if (record.kind === "note") run.notes.push(record);
    if (record.kind === "fault") takeFault(record);
    if (record.kind === "stream" && record.what !== "ended") run.ends.push(record);
    if (record.kind === "verdict") verdict = record;
  }

  for (const element of document.querySelectorAll('script[type="application/json"]')) {
    try {
      take(JSON.parse(element.textContent));
    } catch {
      // The last one, when the program was killed while it wrote.
    }
  }
  for (const list of [run.chunks, run.notes, run.ends]) list.sort((a, b) => a.t - b.t);
  const last = (list) => (list.length > 0 ? list[list.length - 1].t : 0);
  const end = Math.max(verdict.seconds, last(run.chunks), last(run.notes), 1);

  // Strangers that nobody met have no lane.
  const seen = new Set(run.chunks.flatMap((chunk) => [chunk.from, chunk.to]));
  const shown = run.hosts.map((_, host) => host).filter(
    (host) => seen.has(host) || !run.hosts[host].startsWith("stranger"));

  // ---- the view

  const chaos = (run.options.chaos_ns || 60e9) / 1e9 + 1;
  const view = {t: 0, scale: 1};  // the time at the top; pixels a second
  let colours = {};
  let picked = null;
  let hovered = null;
  let needle = "";
  let matches = [];
  let size = {wide: 0, high: 0};

  const y = (t) => TOP + (t - view.t) * view.scale;
  function x(host) {
    const lane = shown.indexOf(host);
    return LEFT + (size.wide - LEFT) * (lane + 0.5) / Math.max(shown.length, 1);
  }
  const isVisible = (from, to) => y(to) >= TOP && y(from) <= size.high;

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["back", "bar", "text", "faint", "line", "send", "report", "other", "good",
                        "bad", "noise", "cut", "cut-edge", "down", "note"]) {
      colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
  }

  function line(fromX, fromY, toX, toY) {
    pen.beginPath();
    pen.moveTo(fromX, fromY);
    pen.lineTo(toX, toY);
    pen.stroke();
  }

  // Labels do not cover each other: each place has the next one so far below.
  const labelled = new Map();
  function label(place, text, atX, atY, align = "left") {
    if (atY < TOP || atY > size.high || atY < (labelled.get(place) ?? -Infinity) + 13) return;
    labelled.set(place, atY);
    pen.textAlign = align;
    const wide = pen.measureText(text).width;
    const left = align === "center" ? atX - wide / 2 : atX;
    const ink = pen.fillStyle;
    pen.fillStyle = colours.back;
    pen.fillRect(left - 2, atY - 10, wide + 4, 13);
    pen.fillStyle = ink;
    pen.fillText(text, atX, atY);
  }

  function timeStep() {
    for (const step of [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 60, 600]) {
      for (const times of [1, 2, 5]) if (step * times * view.scale >= 60) return step * times;
    }
    return 3600;
  }

  function drawTimes() {
    const step = timeStep();
    const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));
    pen.textAlign = "right";
    for (let i = Math.ceil(view.t / step); y(i * step) < size.high; i++) {
      if (i * step < 0 || i * step > end) continue;
      pen.fillStyle = colours.faint;
      pen.fillText(`${(i * step).toFixed(digits)} s`, LEFT - 10, y(i * step) + 4);
      pen.strokeStyle = colours.line;
      pen.globalAlpha = 0.35;
      line(LEFT, y(i * step), size.wide, y(i * step));
      pen.globalAlpha = 1;
    }
    pen.strokeStyle = pen.fillStyle = colours.good;
    pen.setLineDash([6, 4]);
    line(LEFT, y(chaos), size.wide, y(chaos));
    pen.setLineDash([]);
    label("peace", "peace", LEFT + 4, y(chaos) - 4);
  }

  function drawCut(cut) {
    const from = x(cut.from), to = x(cut.to), top = Math.max(y(cut.t), TOP);
    const bottom = Math.min(y(cut.end ?? end), size.high);
    pen.fillStyle = colours.cut;
    pen.fillRect(Math.min(from, to), top, Math.abs(to - from), Math.max(bottom - top, 2));
    pen.strokeStyle = pen.fillStyle = colours["cut-edge"];
    pen.setLineDash([4, 3]);
    line(from, top, to, top);
    line(from, bottom, to, bottom);
    pen.setLineDash([]);
    const names = `${run.hosts[cut.from]} \u2192 ${run.hosts[cut.to]} cut`;
    label(`cut ${cut.from} ${cut.to}`, names, (from + to) / 2, top + 12, "center");
  }

  function drawLanes() {
    pen.strokeStyle = colours.line;
    for (const host of shown) line(x(host), TOP, x(host), size.high);
    for (const down of run.downs) {
      if (!isVisible(down.t, down.end ?? end)) continue;
      const top = Math.max(y(down.t), TOP);
      const bottom = Math.min(y(down.end ?? end), size.high);
      pen.fillStyle = colours.down;
      pen.fillRect(x(down.from) - 5, top, 10, Math.max(bottom - top, 3));
      label(`down ${down.from}`, down.what, x(down.from) + 9, top + 11);
    }
  }

  const isMatch = (chunk) => needle === "" || chunk.text.includes(needle);

  function ends(chunk) {
    const fromX = x(chunk.from), fromY = y(chunk.written), toX = x(chunk.to);
    if (chunk.arrived !== undefined) return [fromX, fromY, toX, y(chunk.arrived)];
    return [fromX, fromY, fromX + (toX - fromX) * 0.4, fromY + 14];  // it never came
  }

  function drawChunk(chunk) {
    const [fromX, fromY, toX, toY] = ends(chunk);
    const strong = chunk === picked || chunk === hovered;
    pen.globalAlpha = isMatch(chunk) || strong ? 1 : 0.12;
    pen.strokeStyle = pen.fillStyle = colours[chunk.style];
    pen.lineWidth = strong ? 3 : chunk.secure ? 1.6 : 1;
    if (chunk.secure) pen.setLineDash([10, 2]);
    line(fromX, fromY, toX, toY);
    pen.setLineDash([]);
    const turn = Math.atan2(toY - fromY, toX - fromX);
    pen.beginPath();
    if (chunk.arrived === undefined) {
      pen.moveTo(toX - 4, toY - 4); pen.lineTo(toX + 4, toY + 4);
      pen.moveTo(toX - 4, toY + 4); pen.lineTo(toX + 4, toY - 4);
      pen.stroke();
    } else {
      pen.moveTo(toX, toY);
      pen.lineTo(toX - 8 * Math.cos(turn - 0.35), toY - 8 * Math.sin(turn - 0.35));
      pen.lineTo(toX - 8 * Math.cos(turn + 0.35), toY - 8 * Math.sin(turn + 0.35));
      pen.fill();
    }
    const flag = chunk.flag === " " || chunk.flag === "$" ? "" : ` ${chunk.flag}`;
    const bytes = chunk.bytes > 0 ? ` ${chunk.bytes} B` : "";
    const place = `${Math.min(chunk.from, chunk.to)} ${Math.max(chunk.from, chunk.to)}`;
    if (isMatch(chunk)) {
      label(place, chunk.name + bytes + flag, (fromX + toX) / 2, (fromY + toY) / 2 - 4, "center");
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 1;
  }

  function drawNotes() {
    for (const note of run.notes) {
      if (!isVisible(note.t, note.t) || !shown.includes(note.host)) continue;
      const alarming = ["failed", "ticket failed", "drought", "name fault"].includes(note.what);
      pen.fillStyle = alarming ? colours.bad : colours.note;
      pen.fillRect(x(note.host) - 3, y(note.t) - 1, 7, 2);
      label(`note ${note.host}`, `${note.what} ${note.detail}`, x(note.host) + 8, y(note.t) + 4);
    }
    for (const stream of run.ends) {
      if (!isVisible(stream.t, stream.t) || !shown.includes(stream.from)) continue;
      pen.strokeStyle = stream.what === "broke" ? colours.bad : colours.faint;
      pen.beginPath();
      pen.arc(x(stream.from), y(stream.t), 3, 0, 7);
      pen.stroke();
    }
  }

  function drawHeads() {
    pen.fillStyle = colours.bar;
    pen.fillRect(0, 0, size.wide, TOP);
    pen.fillStyle = colours.text;
    pen.textAlign = "center";
    pen.font = "600 13px system-ui, sans-serif";
    for (const host of shown) pen.fillText(run.hosts[host], x(host), 21);
    pen.font = "12px system-ui, sans-serif";
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1;
    size = {wide: canvas.clientWidth, high: canvas.clientHeight};
    canvas.width = Math.round(size.wide * ratio);
    canvas.height = Math.round(size.high * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = "12px system-ui, sans-serif";
    pen.fillStyle = colours.back;
    pen.fillRect(0, 0, size.wide, size.high);
    labelled.clear();
    for (const cut of run.cuts) if (isVisible(cut.t, cut.end ?? end)) drawCut(cut);
    drawTimes();
    drawLanes();
    let drawn = 0;
    for (const chunk of run.chunks) {
      if (!isVisible(chunk.written, chunk.arrived ?? chunk.written + 14 / view.scale)) continue;
      drawChunk(chunk);
      drawn++;
    }
    drawNotes();
    drawHeads();
    canvas.dataset.drawn = String(drawn);
  }

  let waiting = false;
  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  }

  // ---- moving

  const room = () => Math.max(canvas.clientHeight - TOP, 100);

  function keepInside() {
    view.scale = Math.min(Math.max(view.scale, room() / end * 0.95), 1e7);
    view.t = Math.min(Math.max(view.t, -20 / view.scale), end);
  }
  function zoom(times, atY = TOP + room() / 2) {
    const t = view.t + (atY - TOP) / view.scale;
    view.scale *= times;
    keepInside();
    view.t = t - (atY - TOP) / view.scale;
    keepInside();
    redraw();
  }
  function move(pixels) {
    view.t += pixels / view.scale;
    keepInside();
    redraw();
  }
  function fit(until) {
    view.scale = room() / until * 0.97;
    view.t = -12 / view.scale;
    keepInside();
    redraw();
  }

  // ---- picking

  function distance(chunk, atX, atY) {
    const [fromX, fromY, toX, toY] = ends(chunk);
    const dx = toX - fromX, dy = toY - fromY;
    const along = ((atX - fromX) * dx + (atY - fromY) * dy) / (dx * dx + dy * dy || 1);
    const part = Math.min(Math.max(along, 0), 1);
    return Math.hypot(atX - fromX - part * dx, atY - fromY - part * dy);
  }
  function chunkAt(atX, atY) {
    let best = null, least = 7;
    for (const chunk of run.chunks) {
      if (!isVisible(chunk.written, chunk.arrived ?? chunk.written + 14 / view.scale)) continue;
      const far = distance(chunk, atX, atY);
      if (far < least) [best, least] = [chunk, far];
    }
    return best;
  }

  function add(parent, name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    parent.append(made);
    return made;
  }
  function addFact(list, name, value) {
    add(list, "dt", name);
    add(list, "dd", String(value));
  }

  function tell(chunk) {
    const detail = byId("detail");
    detail.replaceChildren();
    if (chunk === null) return;
    add(detail, "h2", chunk.name);
    const facts = add(detail, "dl", "");
    addFact(facts, "way", `${run.hosts[chunk.from]} \u2192 ${run.hosts[chunk.to]}`);
    addFact(facts, "stream", `${chunk.stream}${chunk.secure ? ", TLS" : ""}`);
    addFact(facts, "written", `${chunk.written.toFixed(6)} s`);
    const came = chunk.arrived === undefined ? "never" : `${chunk.arrived.toFixed(6)} s`;
    addFact(facts, "arrived", came);
    addFact(facts, "octets of body", chunk.bytes);
    addFact(facts, "flag", chunk.flag);
    if (chunk.head !== "") add(detail, "pre", chunk.head.replace(/\r/g, ""));
  }

  function pick(chunk) {
    picked = chunk;
    tell(chunk);
    redraw();
  }

  function find() {
    needle = byId("find").value.trim().toLowerCase();
    matches = needle === "" ? [] : run.chunks.filter(isMatch);
    byId("found").textContent = needle === "" ? "" : `${matches.length} chunks`;
    redraw();
  }
  function next() {
    if (matches.length === 0) return;
    const chunk = matches[(matches.indexOf(picked) + 1) % matches.length];
    view.scale = Math.max(view.scale, 40);
    view.t = chunk.written - room() / 3 / view.scale;
    keepInside();
    pick(chunk);
  }

  // ---- the page

  function fill() {
    for (const chunk of run.chunks) chunk.text = `${chunk.name}\n${chunk.head}`.toLowerCase();
    const line = byId("verdict");
    line.textContent = verdict.what ? `${verdict.verdict}: ${verdict.what}` : verdict.verdict;
    line.className = verdict.verdict === "good" ? "good" : "bad";
    for (const [name, value] of Object.entries(run.options)) addFact(byId("options"), name, value);
    for (const [style, text] of [["send", "SEND"], ["report", "REPORT"], ["other", "other method"],
                                 ["good", "2xx"], ["bad", "3xx-6xx"], ["noise", "no MSRP"],
                                 ["cut", "cut"], ["down", "down"]]) {
      add(byId("legend"), "span", text).className = style;
    }
  }

  let drag = null;
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.shiftKey) return move(event.deltaY);
    zoom(Math.exp(-event.deltaY / 400), event.offsetY);
  }, {passive: false});
  canvas.addEventListener("pointerdown", (event) => {
    drag = {y: event.offsetY, moved: false};
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (drag) {
      if (Math.abs(event.offsetY - drag.y) > 2) drag.moved = true;
      if (!drag.moved) return;
      canvas.classList.add("dragging");
      move(drag.y - event.offsetY);
      drag.y = event.offsetY;
      return;
    }
    const chunk = chunkAt(event.offsetX, event.offsetY);
    if (chunk === hovered) return;
    hovered = chunk;
    canvas.title = chunk === null ? "" : chunk.name;
    redraw();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved) pick(chunkAt(event.offsetX, event.offsetY));
    drag = null;
    canvas.classList.remove("dragging");
  });
  document.addEventListener("keydown", (event) => {
    if (event.target === byId("find")) return event.key === "Enter" ? next() : undefined;
    const keys = {
      "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), "0": () => fit(end),
      "ArrowDown": () => move(60), "ArrowUp": () => move(-60),
      "PageDown": () => move(room() * 0.8), "PageUp": () => move(-room() * 0.8),
      "Home": () => move(-1e12), "Escape": () => pick(null),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  byId("in").addEventListener("click", () => zoom(2));
  byId("out").addEventListener("click", () => zoom(0.5));
  byId("fit").addEventListener("click", () => fit(end));
  byId("find").addEventListener("input", find);
  window.addEventListener("resize", () => { keepInside(); redraw(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    readColours();
    redraw();
  });

  readColours();
  fill();
  fit(Math.min(end, chaos + 5));
  // "#t=12.5&scale=800&pick=message-3" opens the page there.
  const at = new URLSearchParams(location.hash.slice(1));
  if (at.has("scale")) view.scale = Number(at.get("scale"));
  if (at.has("t")) view.t = Number(at.get("t"));
  if (at.has("pick")) {
    byId("find").value = at.get("pick");
    find();
    next();
  }
  keepInside();
  draw();
});
