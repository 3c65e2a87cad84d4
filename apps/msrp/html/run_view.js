// What the diagram stands on: where a time and a host are, the axis, the whole run at the edge.
const timeText = (t, step = 1) => {
  const seconds = t / 1e9;
  const digits = Math.min(9, Math.max(0, Math.ceil(-Math.log10(Math.max(step, 1) / 1e9) - 1e-9)));
  return seconds.toFixed(digits);
};
const spanText = (span) => span >= 1e9 ? `${+(span / 1e9).toFixed(3)} s`
  : span >= 1e6 ? `${+(span / 1e6).toFixed(3)} ms` : `${+(span / 1e3).toFixed(3)} \u00b5s`;

class View {
  static HEAD = 34;
  static AXIS = 86;
  static MAP = 46;

  constructor(canvas, run) {
    this.canvas = canvas;
    this.run = run;
    this.pen = canvas.getContext("2d");
    this.hidden = new Set();   // layers
    this.matches = null;       // a Set of items, while something is searched
    this.picked = null;
    this.hovered = null;
    this.drawn = [];           // what can be pointed at
    this.widths = new Map();
    this.setFold(true);
    this.top = 0;              // of the view, in folded time
    this.scale = 1e-7;         // pixels for a nanosecond
  }

  setFold(folded) {
    this.fold = makeFold(this.run, folded);
    this.length = this.fold.place(this.run.end);
    for (const item of [...this.run.chunks, ...this.run.events]) {
      item.at = this.fold.place(item.t);
      item.atBegin = item.begun === undefined ? item.at : this.fold.place(item.begun);
      item.atEnd = item.end === item.t ? item.at : this.fold.place(item.end);
    }
    this.map = null;
  }

  readColors() {
    const style = getComputedStyle(document.documentElement);
    this.color = (name) => this.colors[name] ??= style.getPropertyValue(`--${name}`).trim();
    this.colors = {};
    this.map = null;
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const {clientWidth, clientHeight} = this.canvas.parentElement;
    this.wide = clientWidth;
    this.high = clientHeight;
    this.canvas.width = Math.max(1, Math.round(clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(clientHeight * ratio));
    this.canvas.style.width = `${clientWidth}px`;
    this.canvas.style.height = `${clientHeight}px`;
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const hosts = this.run.info.hosts.length;
    const room = clientWidth - View.AXIS - View.MAP;
    this.gap = room / Math.max(hosts - 0.1, 1);
    this.map = null;
  }

  // ---- where things are

  laneX(host) { return View.AXIS + this.gap * (host + 0.45); }
  y(t) { return this.yOf(this.fold.place(t)); }
  yOf(at) { return View.HEAD + (at - this.top) * this.scale; }
  timeAt(y) { return this.fold.time(this.top + (y - View.HEAD) / this.scale); }
  get viewHigh() { return Math.max(1, this.high - View.HEAD); }

  clamp() {
    const most = this.viewHigh / 2000;  // two microseconds
    const least = this.viewHigh / (this.length * 1.1);
    this.scale = Math.min(Math.max(this.scale, least), most);
    const view = this.viewHigh / this.scale;
    const margin = view * 0.05;
    const last = Math.max(this.length + margin - view, -margin);
    this.top = Math.min(Math.max(this.top, -margin), last);
  }
  showAll() { this.show(0, this.run.end); }
  show(begin, end) {
    const from = this.fold.place(begin);
    const span = Math.max(this.fold.place(end) - from, 2000);
    this.scale = this.viewHigh / (span * 1.1);
    this.top = from - span * 0.05;
    this.clamp();
  }
  zoom(factor, y = View.HEAD + this.viewHigh / 2) {
    const fixed = this.top + (y - View.HEAD) / this.scale;
    this.scale *= factor;
    this.clamp();
    this.top = fixed - (y - View.HEAD) / this.scale;
    this.clamp();
  }
  pan(pixels) {
    this.top += pixels / this.scale;
    this.clamp();
  }
  center(t) {
    this.top = this.fold.place(t) - this.viewHigh / this.scale / 2;
    this.clamp();
  }

  // ---- drawing

  text(what, x, y, color, {align = "left", bold = false, halo = true, small = true} = {}) {
    const pen = this.pen;
    pen.font = `${bold ? "600 " : ""}${small ? 11 : 12}px system-ui, sans-serif`;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    if (halo) {
      pen.strokeStyle = this.color("back");
      pen.lineWidth = 3;
      pen.lineJoin = "round";
      pen.strokeText(what, x, y);
    }
    pen.fillStyle = color;
    pen.fillText(what, x, y);
  }
  // Lines do not cross the text on it.
  plate(x, y, wide, high) {
    this.pen.globalAlpha = 0.85;
    this.pen.fillStyle = this.color("back");
    this.pen.beginPath();
    this.pen.roundRect(x, y, wide, high, 3);
    this.pen.fill();
    this.pen.globalAlpha = 1;
  }
  width(text) {
    let known = this.widths.get(text);
    if (known === undefined) {
      this.pen.font = "11px system-ui, sans-serif";
      known = this.pen.measureText(text).width;
      if (this.widths.size > 20000) this.widths.clear();
      this.widths.set(text, known);
    }
    return known;
  }
  line(x1, y1, x2, y2, color, wide = 1, dash = []) {
    const pen = this.pen;
    pen.strokeStyle = color;
    pen.lineWidth = wide;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
    pen.setLineDash([]);
  }

  // Whether nothing is written there yet; if so, something is now.
  claim(x1, y1, x2, y2) {
    const first = Math.floor(y1 / 16);
    const last = Math.floor(y2 / 16);
    for (let row = first; row <= last; row++) {
      for (const taken of this.taken.get(row) || []) {
        if (x1 < taken[2] && x2 > taken[0] && y1 < taken[3] && y2 > taken[1]) return false;
      }
    }
    for (let row = first; row <= last; row++) {
      if (!this.taken.has(row)) this.taken.set(row, []);
      this.taken.get(row).push([x1, y1, x2, y2]);
    }
    return true;
  }

  fillFolds() {
    this.pen.fillStyle = this.color("fold");
    for (const {t, end} of this.fold.gaps) {
      if (end < this.begin || t > this.end) continue;
      const y = this.y(t);
      this.pen.fillRect(0, y, this.wide - View.MAP, this.y(end) - y);
    }
  }

  nameFolds() {
    for (const {t, end} of this.fold.gaps) {
      if (end < this.begin || t > this.end) continue;
      const y2 = this.y(end);
      const y = Math.max((this.y(t) + y2) / 2, View.HEAD + 9);
      if (y2 - y < 6 || !this.claim(10, y - 7, View.AXIS, y + 7)) continue;
      this.text(`\u22ee ${spanText(end - t)}`, View.AXIS - 10, y, this.color("fold-text"),
                {align: "right", halo: false});
    }
  }

  drawAxis() {
    this.nameFolds();
    const right = this.wide - View.MAP;
    // A step for what is not folded; within folds only what has room.
    const perLine = 64 / this.scale;
    const power = 10 ** Math.floor(Math.log10(perLine));
    const step = Math.max(1, [1, 2, 5, 10].find((each) => each * power >= perLine) * power);
    const ends = [this.begin];
    for (const {t, end} of this.fold.gaps) {
      if (end > this.begin && t < this.end) ends.push(t, end);
    }
    ends.push(this.end);
    for (let i = 0; i + 1 < ends.length; i += 2) {
      for (let t = Math.max(0, Math.ceil(ends[i] / step) * step);
           t <= ends[i + 1] && t <= this.run.end; t += step) {
        const y = this.y(t);
        this.line(View.AXIS - 6, y, right, y, this.color("grid"));
        if (!this.claim(10, y - 7, View.AXIS, y + 7)) continue;
        this.text(`${timeText(t, step)} s`, View.AXIS - 10, y, this.color("faint"),
                  {align: "right", halo: false});
      }
    }
  }

  drawPhases() {
    for (const {t, what} of this.run.phases) {
      if (t < this.begin || t > this.end) continue;
      const y = this.y(t);
      this.line(0, y, this.wide - View.MAP, y, this.color("phase"), 1, [7, 4]);
      const wide = this.width(what) + 12;
      if (!this.claim(4, y + 2, 4 + wide, y + 16)) continue;
      this.text(what, 8, y + 9, this.color("phase"), {bold: true});
    }
  }

  drawHead() {
    const pen = this.pen;
    pen.fillStyle = this.color("bar");
    pen.fillRect(0, 0, this.wide, View.HEAD);
    this.line(0, View.HEAD - 0.5, this.wide, View.HEAD - 0.5, this.color("line"));
    this.text("time", View.AXIS - 10, View.HEAD / 2, this.color("faint"),
              {align: "right", halo: false});
    const middle = this.timeAt(View.HEAD + this.viewHigh / 2);
    this.run.info.hosts.forEach((name, host) => {
      const x = this.laneX(host);
      const wide = Math.max(this.width(name) + 26, 64);
      const down = this.run.bands.some((band) => band.kind === "crash" && band.a === host &&
                                       band.t <= middle && band.end >= middle);
      pen.fillStyle = this.color(down ? "crash" : "back");
      pen.strokeStyle = this.color("life");
      pen.lineWidth = 1.5;
      pen.beginPath();
      pen.roundRect(x - wide / 2, 6, wide, View.HEAD - 12, 5);
      pen.fill();
      pen.stroke();
      this.text(name, x, View.HEAD / 2 + 0.5, this.color(down ? "crash-mark" : "text"),
                {align: "center", bold: true, small: false, halo: false});
    });
  }

  // ---- the whole run, small, at the right edge

  mapY(t) { return View.HEAD + this.fold.place(t) / this.length * this.viewHigh; }
  mapTime(y) { return this.fold.time((y - View.HEAD) / this.viewHigh * this.length); }

  drawMap() {
    const left = this.wide - View.MAP;
    const pen = this.pen;
    this.map ??= this.makeMap();
    pen.drawImage(this.map, left, View.HEAD, View.MAP, this.viewHigh);
    const y1 = View.HEAD + this.top / this.length * this.viewHigh;
    const high = Math.max(this.viewHigh / this.scale / this.length * this.viewHigh, 4);
    pen.fillStyle = this.color("window");
    pen.fillRect(left, y1, View.MAP, high);
    pen.strokeStyle = this.color("picked");
    pen.lineWidth = 1.5;
    pen.strokeRect(left + 1, y1, View.MAP - 2, high);
  }

  makeMap() {
    const ratio = window.devicePixelRatio || 1;
    const map = document.createElement("canvas");
    map.width = View.MAP * ratio;
    map.height = Math.max(1, this.viewHigh * ratio);
    const pen = map.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = this.color("bar");
    pen.fillRect(0, 0, View.MAP, this.viewHigh);
    const rows = Math.ceil(this.viewHigh / 2);
    const counts = {};
    for (const style of ["empty", "send", "bad"]) counts[style] = new Float64Array(rows);
    for (const chunk of this.run.chunks) {
      const row = Math.floor(chunk.at / this.length * this.viewHigh / 2);
      if (row < 0 || row >= rows) continue;
      const bad = chunk.lost || chunk.trouble;
      counts[bad ? "bad" : chunk.layer === "empties" ? "empty" : "send"][row]++;
    }
    for (let row = 0; row < rows; row++) {
      const wide = (count) => count === 0 ? 0 : 3 + 5 * Math.log2(count + 1);
      for (const style of ["empty", "send", "bad"]) {
        pen.fillStyle = this.color(style);
        pen.fillRect(12, row * 2, Math.min(wide(counts[style][row]), 33), 2);
      }
    }
    for (const band of this.run.bands) {
      pen.fillStyle = this.color(band.kind);
      const y = this.mapY(band.t) - View.HEAD;
      const high = Math.max(this.mapY(band.end) - View.HEAD - y, 2);
      pen.fillRect({cut: 1, crash: 4, drought: 8}[band.kind], y, 3, high);
    }
    return map;
  }
}
