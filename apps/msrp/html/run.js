// The page around the diagram: pointer, keys, search, the panel and the legend.
(() => {
  const LEGEND = [
    ["sends", "send", "SEND", "arrow"], ["reports", "report", "REPORT", "arrow"],
    ["answers", "good", "response", "arrow"], ["errors", "bad", "error response", "arrow"],
    ["empties", "empty", "empty SEND, 200", "arrow"], ["octets", "empty", "no MSRP", "arrow"],
    ["lost", "bad", "lost", "cross"],
    ["events", "event", "application", "tick"], ["data", "event", "data", "tick"],
    ["streams", "stream", "streams", "tick"], ["cuts", "cut", "cut", "band"],
    ["crashes", "crash", "host down", "bar"], ["droughts", "drought", "no memory", "bar"],
  ];
  const byId = (id) => document.getElementById(id);
  const make = (tag, classes, text) => {
    const made = document.createElement(tag);
    made.className = classes;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  let run = null;
  let diagram = null;
  let items = [];      // chunks and events by time
  let found = [];      // of them, what is searched
  let planned = false;

  function draw() {
    planned = false;
    const {chunks, events} = diagram.draw();
    byId("seen").textContent = `${chunks} of ${countText(run.chunks.length, "chunk")}, ` +
      `${events} of ${countText(run.events.length, "event")} in view` +
      (run.broken > 0 || !run.verdict ? "; the page is cut off" : "");
  }
  function redraw() {
    if (planned) return;
    planned = true;
    requestAnimationFrame(draw);
  }
  const changing = (action) => (...given) => {
    action(...given);
    redraw();
  };

  // ---- what is known of one thing

  const host = (number) => run.info.hosts[number] ?? `host ${number}`;
  const secondsText = (t) => t === null || t === undefined ? "" : `${(t / 1e9).toFixed(6)} s`;

  function factsOf(item) {
    if (item.kind === "chunk" || item.kind === "octets") {
      const name = item.kind === "octets" ? "octets, no MSRP" : `${item.first} ${item.message}`;
      return [name, [
        ["From", host(item.from)], ["To", host(item.to)], ["Stream", item.stream],
        ["Transaction", item.tid], ["Begun", item.begun === item.t ? "" : secondsText(item.begun)],
        ["Written", secondsText(item.written) || "never to its end"],
        ["Arrived", secondsText(item.arrived)], ["Took", item.arrived === null ? ""
          : spanText(item.arrived - item.begun)],
        ["Lost", item.lost ? secondsText(item.lostAt) || "yes" : ""],
        ["Octets", item.octets], ["Body", item.body_bytes === undefined ? ""
          : countText(item.body_bytes, "octet")], ["Flag", item.flag === null ? "none" : item.flag],
      ]];
    }
    if (item.kind === "stream") {
      return [item.label, [["At", secondsText(item.t)], ["By", host(item.host)],
                           ["Other side", host(item.to)]]];
    }
    if (item.kind === "event") {
      return [item.label, [["At", secondsText(item.t)], ["Host", host(item.host)],
                           ["Message", item.message]]];
    }
    const what = {cut: `cut: nothing from ${host(item.a)} to ${host(item.b)}`,
                  crash: `${host(item.a)} ${item.silent ? "vanished" : "crashed"}`,
                  drought: `${host(item.a)} has no memory`}[item.kind];
    return [what, [["From", secondsText(item.t)], ["Until", item.open ? "the end"
      : secondsText(item.end)], ["For", spanText(item.end - item.t)]]];
  }

  function fill(list, facts) {
    list.replaceChildren();
    for (const [name, value] of facts) {
      if (value === undefined || value === null || value === "") continue;
      list.append(make("dt", "", name), make("dd", "", String(value)));
    }
  }

  function pick(item) {
    diagram.picked = item;
    byId("picked").hidden = item === null;
    if (item === null) return;
    const [name, facts] = factsOf(item);
    byId("what").textContent = name;
    fill(byId("facts"), facts);
    byId("head").textContent = item.head || "";
    byId("head").hidden = !item.head;
    byId("panel").scrollTop = 0;
    if (byId("panel").hidden) togglePanel();
  }

  function tip(item, x, y) {
    const box = byId("tip");
    diagram.hovered = item;
    byId("diagram").classList.toggle("over", item !== null);
    box.hidden = item === null;
    if (item === null) return;
    const [name, facts] = factsOf(item);
    box.replaceChildren(make("b", "", name));
    const list = make("dl", "");
    fill(list, facts);
    box.append(list);
    const {clientWidth, clientHeight} = byId("view");
    box.style.left = `${Math.max(0, Math.min(x + 14, clientWidth - box.offsetWidth - 8))}px`;
    const above = y + 18 + box.offsetHeight > clientHeight;
    box.style.top = `${Math.max(0, above ? y - box.offsetHeight - 10 : y + 18)}px`;
  }

  // ---- going to things

  // So that it can be read, and what is around it be seen.
  function goTo(item) {
    const view = diagram.viewHigh / diagram.scale;
    const long = diagram.fold.place(item.end) - diagram.fold.place(item.t);
    if (long > view || view > Math.max(12 * long, 4e8)) {
      const around = Math.max(long * 1.5, 5e7);
      diagram.show(diagram.fold.time(diagram.fold.place(item.t) - around),
                   diagram.fold.time(diagram.fold.place(item.end) + around));
    }
    diagram.center(item.t);
    pick(item);
  }

  function step(list, by) {
    if (list.length === 0) return;
    const now = list.indexOf(diagram.picked);
    const middle = diagram.timeAt(diagram.viewHigh / 2);
    let next = now + by;
    if (now < 0) {
      const after = list.findIndex((item) => item.t >= middle);
      next = list === found ? (by > 0 ? 0 : list.length - 1) : after < 0 ? list.length - 1 : after;
    }
    goTo(list[(next + list.length) % list.length]);
    showFound();
  }

  function showFound() {
    const at = found.indexOf(diagram.picked);
    byId("found").textContent = diagram.matches === null ? ""
      : at < 0 ? `${found.length} found` : `${at + 1} of ${found.length}`;
  }

  function search() {
    const wanted = byId("find").value.trim().toLowerCase();
    const digits = /\d$/.test(wanted);
    // message-1 is not message-12.
    const has = ({text}) => {
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
        if (!digits || !/\d/.test(text[at + wanted.length] ?? "")) return true;
      }
      return false;
    };
    found = wanted ? items.filter(has) : [];
    diagram.matches = wanted ? new Set(found) : null;
    showFound();
  }

  // ---- the panel and the legend

  function togglePanel() {
    byId("panel").hidden = !byId("panel").hidden;
    diagram.resize();
    diagram.clamp();
  }

  function fillPanel() {
    const {verdict, info} = run;
    byId("title").textContent = `MSRP run, seed ${info.seed}`;
    const good = verdict?.verdict === "good";
    byId("verdict").textContent = verdict?.verdict ?? "no verdict";
    byId("verdict").className = good ? "good" : "bad";
    const count = (test) => run.chunks.filter(test).length;
    fill(byId("summary"), [
      ["Verdict", verdict ? verdict.verdict : "none: the page is cut off"],
      ["Why", verdict?.what], ["Hosts", info.hosts.length],
      ["Chunks", run.chunks.length], ["Lost", count((chunk) => chunk.lost)],
      ["Error responses", count((chunk) => chunk.layer === "errors")],
      ["Events", verdict?.events], ["Octets", verdict?.octets],
      ["Virtual time", verdict ? spanText(verdict.virtual_time) : ""], ["Hash", verdict?.hash],
    ]);
    fill(byId("options"), info.options);
    byId("faults").replaceChildren();
    for (const band of run.bands) {
      const row = make("button", `fault ${band.kind}`);
      const way = band.kind === "cut" ? `${host(band.a)} \u2192 ${host(band.b)}` : host(band.a);
      const what = band.kind === "crash" ? (band.silent ? "vanished" : "crashed") : band.kind;
      row.append(make("span", "when", `${timeText(band.t, 1e7)} s`), make("b", "", what),
                 make("span", "", way), make("span", "long", spanText(band.end - band.t)));
      row.addEventListener("click", changing(() => goTo(band)));
      byId("faults").append(row);
    }
    if (run.bands.length === 0) byId("faults").textContent = "none";
  }

  function fillLegend() {
    for (const [layer, style, name, shape] of LEGEND) {
      if (layer === "octets" && !run.chunks.some((chunk) => chunk.layer === layer)) continue;
      const entry = make("button", "entry");
      entry.append(make("span", `mark ${shape} ${style}`), name);
      entry.title = layer === "lost" ? "What did not arrive" : `Show or hide: ${name}`;
      entry.disabled = layer === "lost";
      entry.setAttribute("aria-pressed", "true");
      entry.addEventListener("click", changing(() => {
        const hide = !diagram.hidden.has(layer);
        if (hide) diagram.hidden.add(layer);
        else diagram.hidden.delete(layer);
        entry.setAttribute("aria-pressed", String(!hide));
      }));
      byId("legend").append(entry);
    }
    const seen = make("span", "");
    seen.id = "seen";
    byId("legend").append(seen);
  }

  // ---- pointer and keys

  function listenToPointer() {
    const canvas = byId("diagram");
    let drag = null;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const onMap = (x) => x > diagram.wide - Diagram.MAP;
    canvas.addEventListener("pointerdown", changing((event) => {
      const [x, y] = place(event);
      drag = {y, far: 0, map: onMap(x)};
      canvas.setPointerCapture(event.pointerId);
      if (drag.map) diagram.center(diagram.mapTime(y));
    }));
    canvas.addEventListener("pointermove", changing((event) => {
      const [x, y] = place(event);
      if (drag === null) return tip(onMap(x) ? null : diagram.at(x, y), x, y);
      if (drag.map) return diagram.center(diagram.mapTime(y));
      drag.far += Math.abs(y - drag.y);
      diagram.pan(drag.y - y);
      drag.y = y;
      canvas.classList.toggle("dragged", drag.far > 4);
      return tip(null);
    }));
    canvas.addEventListener("pointerup", changing((event) => {
      const clicked = drag !== null && drag.far <= 4 && !drag.map;
      drag = null;
      canvas.classList.remove("dragged");
      if (clicked) pick(diagram.at(...place(event)));
    }));
    canvas.addEventListener("pointercancel", () => { drag = null; });
    canvas.addEventListener("pointerleave", changing(() => tip(null)));
    canvas.addEventListener("dblclick", changing((event) => diagram.zoom(4, place(event)[1])));
    canvas.addEventListener("wheel", changing((event) => {
      event.preventDefault();
      tip(null);
      const pixels = (event.deltaY || event.deltaX) *
        [1, 16, diagram.viewHigh][event.deltaMode || 0];
      if (event.shiftKey) diagram.pan(pixels);
      else diagram.zoom(Math.exp(-Math.max(-400, Math.min(pixels, 400)) / 300), place(event)[1]);
    }), {passive: false});
  }

  function listenToKeys() {
    const keys = {
      "+": () => diagram.zoom(1.6), "=": () => diagram.zoom(1.6), "-": () => diagram.zoom(1 / 1.6),
      0: () => diagram.showAll(), ArrowDown: () => diagram.pan(80),
      ArrowUp: () => diagram.pan(-80), ArrowRight: () => step(found.length ? found : items, 1),
      ArrowLeft: () => step(found.length ? found : items, -1),
      PageDown: () => diagram.pan(diagram.viewHigh * 0.9),
      PageUp: () => diagram.pan(-diagram.viewHigh * 0.9),
      Home: () => diagram.center(0), End: () => diagram.center(run.end),
      Escape: () => pick(null), p: togglePanel, "/": () => byId("find").focus(),
    };
    document.addEventListener("keydown", (event) => {
      if (event.target === byId("find")) {
        if (event.key === "Enter") step(found, event.shiftKey ? -1 : 1);
        if (event.key === "Escape") byId("find").blur();
        return redraw();
      }
      const action = keys[event.key];
      if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action();
      redraw();
    });
  }

  function listenToButtons() {
    const on = (id, name, action) => byId(id).addEventListener(name, changing(action));
    on("in", "click", () => diagram.zoom(1.6));
    on("out", "click", () => diagram.zoom(1 / 1.6));
    on("all", "click", () => diagram.showAll());
    on("side", "click", togglePanel);
    on("close", "click", () => pick(null));
    on("find", "input", search);
    on("next", "click", () => step(found, 1));
    on("before", "click", () => step(found, -1));
    on("fold", "change", () => {
      const [begin, end] = [diagram.timeAt(Diagram.HEAD), diagram.timeAt(diagram.high)];
      diagram.setFold(byId("fold").checked);
      diagram.show(Math.max(begin, 0), Math.min(end, run.end));
    });
  }

  // page.html#12.5-13 shows these seconds, #find=message-12 searches.
  function obeyAddress() {
    const wish = decodeURIComponent(location.hash.slice(1));
    const times = /^([\d.]+)-([\d.]+)$/.exec(wish);
    if (times) diagram.show(Number(times[1]) * 1e9, Number(times[2]) * 1e9);
    if (!wish.startsWith("find=")) return;
    byId("find").value = wish.slice(5);
    search();
    step(found, 1);
  }

  function start() {
    run = readRun();
    items = [...run.chunks, ...run.events].sort((a, b) => a.t - b.t);
    diagram = new Diagram(byId("diagram"), run);
    fillPanel();
    fillLegend();
    diagram.readColors();
    diagram.resize();
    diagram.showAll();
    listenToPointer();
    listenToKeys();
    listenToButtons();
    obeyAddress();
    window.addEventListener("hashchange", changing(obeyAddress));
    window.addEventListener("resize", changing(() => { diagram.resize(); diagram.clamp(); }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changing(() => {
      diagram.readColors();
    }));
    draw();
  }

  document.addEventListener("DOMContentLoaded", start);  // the records come behind this script
})();
