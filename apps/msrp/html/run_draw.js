// The diagram: lifelines, time downwards, and of everything only what can be seen.
const STYLES = ["send", "report", "good", "bad", "empty"];

class Diagram extends View {
  draw() {
    const pen = this.pen;
    this.begin = this.timeAt(Diagram.HEAD - 4);
    this.end = this.timeAt(this.high + 4);
    this.taken = new Map();
    this.drawn = [];
    pen.fillStyle = this.color("back");
    pen.fillRect(0, 0, this.wide, this.high);
    this.fillFolds();
    this.drawPhases();
    this.drawAxis();
    for (const band of this.run.bands) if (band.kind === "cut") this.drawCut(band);
    this.run.info.hosts.forEach((_, host) => {
      this.line(this.laneX(host), Diagram.HEAD, this.laneX(host), this.high,
                this.color("life"), 2);
    });
    for (const band of this.run.bands) if (band.kind !== "cut") this.drawOutage(band);
    const arrows = this.drawArrows();
    const events = this.drawEvents();
    this.drawEventLabels(events, arrows);
    this.drawArrowLabels(arrows);
    this.drawHead();
    this.drawMap();
    return {chunks: this.chunksSeen, events: this.eventsSeen};
  }

  // Between the two lifelines, with the direction in which nothing comes through.
  drawCut(band) {
    if (band.end < this.begin || band.t > this.end || this.hidden.has("cuts")) return;
    const pen = this.pen;
    const x1 = this.laneX(band.a);
    const x2 = this.laneX(band.b);
    const y1 = Math.max(this.y(band.t), Diagram.HEAD - 9);
    const y2 = Math.min(this.y(band.end), this.high + 9);
    const high = Math.max(y2 - y1, 2);
    const way = Math.sign(x2 - x1);
    const left = Math.min(x1, x2);
    pen.fillStyle = this.color("cut-fill");
    pen.fillRect(left, y1, Math.abs(x2 - x1), high);
    pen.fillStyle = this.color("cut");
    pen.fillRect(way > 0 ? x1 + 1 : x1 - 5, y1, 4, high);
    pen.fillRect(way > 0 ? x2 - 3 : x2 + 1, y1, 2, high);
    this.line(x1, y1, x2, y1, this.color("cut"), band === this.picked ? 3 : 1.5);
    if (!band.open) this.line(x1, y1 + high, x2, y1 + high, this.color("cut"), 1, [4, 3]);
    // Chevrons that point where nothing arrives.
    pen.strokeStyle = this.color("cut-mark");
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (let y = y1 + (way > 0 ? 22 : 41); y < y2 - 12; y += 38) {
      for (let x = x1 + way * 24; (x2 - x) * way > 18; x += way * 46) {
        pen.moveTo(x - way * 4, y - 5);
        pen.lineTo(x + way * 4, y);
        pen.lineTo(x - way * 4, y + 5);
      }
    }
    pen.stroke();
    const label = way > 0 ? `cut \u2192 ${spanText(band.end - band.t)}`
      : `${spanText(band.end - band.t)} \u2190 cut`;
    const label_y = Math.max(y1 + 9, Diagram.HEAD + 10);
    const wide = this.width(label) + 8;
    const label_x = x1 + way * 10 - (way < 0 ? wide : 0);
    if (high > 13 && this.claim(label_x, label_y - 7, label_x + wide, label_y + 7)) {
      this.text(label, x1 + way * 12, label_y, this.color("cut"),
                {bold: true, align: way > 0 ? "left" : "right"});
    }
    this.drawn.push({item: band, x1, y1: y1 + 1, x2, y2: y1 + 1},
                    {item: band, x1: x1 + way * 3, y1, x2: x1 + way * 3, y2: y1 + high});
  }

  // A host that is down, or whose pool is dry.
  drawOutage(band) {
    const layer = band.kind === "crash" ? "crashes" : "droughts";
    if (band.end < this.begin || band.t > this.end || this.hidden.has(layer)) return;
    const pen = this.pen;
    const x = this.laneX(band.a);
    const y1 = Math.max(this.y(band.t), Diagram.HEAD - 9);
    const y2 = Math.max(Math.min(this.y(band.end), this.high + 9), y1 + 3);
    const label_y = Math.max(y1 + 9, Diagram.HEAD + 10);
    const wide = band === this.picked ? 2 : 0;
    let label = "";
    if (band.kind === "crash") {
      pen.fillStyle = this.color("crash");
      pen.fillRect(x - 7 - wide, y1, 14 + 2 * wide, y2 - y1);
      pen.strokeStyle = this.color("crash-mark");
      pen.lineWidth = 1;
      pen.beginPath();
      for (let y = y1 + 6; y < y2 - 4; y += 12) {
        pen.moveTo(x - 4, y - 3);
        pen.lineTo(x + 4, y + 3);
      }
      pen.stroke();
      label = `${band.silent ? "vanished" : "crashed"}, ${spanText(band.end - band.t)}`;
    } else {
      pen.fillStyle = this.color("drought");
      pen.fillRect(x - 5 - wide, y1, 4 + wide, y2 - y1);
      label = `drought, ${spanText(band.end - band.t)}`;
    }
    const size = this.width(label) + 8;
    if (y2 - y1 > 10 && this.claim(x - 12 - size, label_y - 7, x - 10, label_y + 7)) {
      this.text(label, x - 12, label_y, this.color(band.kind), {bold: true, align: "right"});
    }
    this.drawn.push({item: band, x1: x - 3, y1, x2: x - 3, y2});
  }

  // Those that would cover each other to the pixel, or to two where there are many, are one.
  drawArrows() {
    const seen = [];
    const shapes = new Map();
    const known = new Set();
    const step = this.chunksSeen > 3000 ? 2 : 1;
    const clampY = (at) => step * Math.round(
      Math.max(-3000, Math.min(this.yOf(at), this.high + 3000)) / step);
    this.chunksSeen = 0;
    for (const chunk of this.run.chunks) {
      if (chunk.begun > this.end || chunk.end < this.begin) continue;
      if (this.hidden.has(chunk.layer)) continue;
      this.chunksSeen++;
      const y1 = clampY(chunk.at);
      const y2 = clampY(chunk.atEnd);
      const style = chunk.style;
      const dim = this.matches !== null && !this.matches.has(chunk);
      const special = chunk === this.picked || chunk === this.hovered;
      const kind = STYLES.indexOf(style) * 4 + (chunk.lost ? 2 : 0) + (dim ? 1 : 0);
      const key = ((kind * 4096 + chunk.from * 64 + chunk.to) * 16384 + y1 + 3000) * 16384 +
        y2 + 3000;
      if (known.has(key) && !special && (this.matches === null || dim)) continue;
      known.add(key);
      const x1 = this.laneX(chunk.from);
      const x2 = x1 + (this.laneX(chunk.to) - x1) * (chunk.lost ? 0.6 : 1);
      const arrow = {item: chunk, x1, y1, x2, y2, style, dim, special};
      seen.push(arrow);
      this.drawn.push(arrow);
      const group = `${style} ${chunk.lost} ${dim} ${special}`;
      if (chunk.lost && !dim) this.claim(x2 - 5, y2 - 5, x2 + 5, y2 + 5);
      if (!shapes.has(group)) shapes.set(group, []);
      shapes.get(group).push(arrow);
      const busy = y1 - clampY(chunk.atBegin);
      if (busy > 3) {
        this.pen.fillStyle = this.color(style);
        this.pen.globalAlpha = dim ? 0.15 : 0.6;
        this.pen.fillRect(x1 + (x2 > x1 ? 1 : -4), y1 - busy, 3, busy);
        this.pen.globalAlpha = 1;
      }
    }
    // What says least goes below.
    const depth = ([{style, dim, special}]) => special ? 3 : dim ? 0 : style === "empty" ? 1 : 2;
    const groups = [...shapes.values()].sort((a, b) => depth(a) - depth(b));
    const BATCH = 100;  // long paths are slow
    for (const arrows of groups) {
      for (let i = 0; i < arrows.length; i += BATCH) {
        this.strokeArrows(arrows.slice(i, i + BATCH), known.size);
      }
    }
    return seen;
  }

  strokeArrows(arrows, all) {
    const pen = this.pen;
    const {style, dim, special, item} = arrows[0];
    const faint = !special && (style === "empty" || (all > 600 && this.matches === null));
    pen.globalAlpha = dim ? 0.13 : faint ? 0.55 : 1;
    pen.strokeStyle = pen.fillStyle = this.color(style);
    pen.lineWidth = special ? 3 : style === "empty" ? 0.9 : 1.3;
    pen.setLineDash(item.lost ? [5, 3] : []);
    pen.beginPath();
    for (const {x1, y1, x2, y2} of arrows) {
      pen.moveTo(x1, y1);
      pen.lineTo(x2, y2);
    }
    pen.stroke();
    pen.setLineDash([]);
    if (all > 2000 && !item.lost && !special) {  // no room for heads
      pen.globalAlpha = 1;
      return;
    }
    pen.beginPath();
    for (const {x1, y1, x2, y2} of arrows) {
      if (item.lost) {
        pen.moveTo(x2 - 4, y2 - 4);
        pen.lineTo(x2 + 4, y2 + 4);
        pen.moveTo(x2 + 4, y2 - 4);
        pen.lineTo(x2 - 4, y2 + 4);
        continue;
      }
      const long = Math.hypot(x2 - x1, y2 - y1) || 1;
      const dx = (x2 - x1) / long;
      const dy = (y2 - y1) / long;
      pen.moveTo(x2 - dx, y2 - dy);
      pen.lineTo(x2 - dx * 9 - dy * 4, y2 - dy * 9 + dx * 4);
      pen.lineTo(x2 - dx * 9 + dy * 4, y2 - dy * 9 - dx * 4);
    }
    if (item.lost) {
      pen.strokeStyle = this.color("bad");
      pen.lineWidth = 2;
      pen.stroke();
    } else {
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  // By host, those of one line together.
  drawEvents() {
    const groups = [];
    const last = new Map();
    this.eventsSeen = 0;
    for (const event of this.run.events) {
      if (event.t > this.end) break;
      if (event.t < this.begin || this.hidden.has(event.layer)) continue;
      this.eventsSeen++;
      const x = this.laneX(event.host);
      const y = this.yOf(event.at);
      const dim = this.matches !== null && !this.matches.has(event);
      const special = event === this.picked || event === this.hovered;
      const group = last.get(event.host);
      if (group && y - group.y < 7) {
        group.events.push(event);
        group.dim &&= dim;
        if (y - group.inked < 1.5 && !special) continue;
        group.inked = y;
      } else {
        const made = {host: event.host, y, inked: y, events: [event], dim};
        last.set(event.host, made);
        groups.push(made);
      }
      this.pen.globalAlpha = dim ? 0.2 : 1;
      this.line(x - 4, y, x + 7, y, this.color(event.style), special ? 4 : 2);
      this.pen.globalAlpha = 1;
      this.drawn.push({item: event, x1: x - 4, y1: y, x2: x + 7, y2: y, near: true});
    }
    return groups;
  }

  // Beside the lifeline where no arrow ends, or else on its right.
  placeLabel(group, ends, wide) {
    const x = this.laneX(group.host);
    const row = Math.floor(group.y / 8);
    const busy = (side) => [row - 1, row, row + 1]
      .some((each) => ends.has(`${group.host} ${side} ${each}`));
    const left = x - 10 - wide;
    const room = group.host === 0 ? Diagram.AXIS : x - this.gap + 12;
    const sides = busy(1) && !busy(-1) && left > room ? [left, x + 10] : [x + 10];
    return sides.find((at) => this.claim(at - 2, group.y - 6, at + wide + 2, group.y + 6));
  }

  drawEventLabels(groups, arrows) {
    const ends = new Set();
    for (const {item, x1, y1, x2, y2, dim} of arrows) {
      if (dim) continue;
      const way = Math.sign(x2 - x1);
      ends.add(`${item.from} ${way} ${Math.floor(y1 / 8)}`);
      if (!item.lost) ends.add(`${item.to} ${-way} ${Math.floor(y2 / 8)}`);
    }
    // Data say least, and go last.
    const isData = (one) => one.layer === "data";
    const rank = (group) => group.dim ? 2 : group.events.every(isData) ? 1 : 0;
    for (const group of [0, 1, 2].flatMap((each) => groups.filter((one) => rank(one) === each))) {
      const room = Math.min(Math.max(this.gap * 0.5, 60),
                            this.wide - Diagram.MAP - this.laneX(group.host) - 14);
      const telling = group.events.filter((one) => !isData(one));
      const labels = (telling.length > 0 ? telling : group.events.slice(0, 1))
        .map((one) => one.label);
      let text = labels[0];
      let used = 1;
      const all = group.events.length;
      const more = (count) => all > count ? ` +${all - count}` : "";
      const fits = (next) => this.width(`${text}, ${labels[next]}${more(next + 1)}`) < room;
      while (used < labels.length && fits(used)) {
        text += `, ${labels[used++]}`;
      }
      text += more(used);
      const wide = this.width(text);
      const x = this.placeLabel(group, ends, wide);
      if (x === undefined) continue;
      const first = telling[0] || group.events[0];
      if (!group.dim) this.plate(x - 2, group.y - 6, wide + 4, 12);
      this.pen.globalAlpha = group.dim ? 0.25 : 1;
      this.text(text, x, group.y, this.color(first.style));
      this.pen.globalAlpha = 1;
    }
  }

  drawArrowLabels(arrows) {
    const rank = ({item, dim, special}) => special ? 0 : dim || item.layer === "empties" ? 4
      : item.lost || item.trouble ? 1 : item.layer === "sends" ? 2 : 3;
    const sorted = [[], [], [], [], []];
    const crowds = new Map();
    const crowd = ({item, y1}) => {
      const [a, b] = item.from < item.to ? [item.from, item.to] : [item.to, item.from];
      return (Math.floor(y1 / 16) * 64 + a) * 64 + b;
    };
    for (const arrow of arrows) {
      sorted[rank(arrow)].push(arrow);
      crowds.set(crowd(arrow), (crowds.get(crowd(arrow)) || 0) + 1);
    }
    // In a crowd nobody could tell whose label it is.
    for (const arrow of sorted.flat()) {
      const most = arrow.item.layer === "empties" ? 2 : 6;
      if (arrow.special || crowds.get(crowd(arrow)) <= most) this.labelArrow(arrow);
    }
  }

  // In the first gap next to who wrote it; along the arrow, or beside it where it is steep.
  labelArrow({item, x1, y1, x2, y2, style, dim}) {
    const long = Math.max(Math.abs(x2 - x1), 1);
    const way = Math.sign(x2 - x1) || 1;
    const angle = Math.atan((y2 - y1) / long);
    const flat = Math.abs(angle) < 0.6;
    const room = Math.min(this.gap, long) - 22;
    const label = item.labels.find((each) => this.width(each) < room);
    if (label === undefined) return;
    const half = this.width(label) / 2;
    const reach = flat ? half * Math.cos(angle) : half;
    const rise = flat ? half * Math.sin(angle) : 0;
    for (const place of [0.5, 0.3, 0.7]) {
      const part = Math.min(1, this.gap / long) * place;
      const x = x1 + (x2 - x1) * part + (flat ? 0 : half + 6);
      const y = y1 + (y2 - y1) * part + (flat ? 0 : 8);
      if (y < View.HEAD || y > this.high) continue;
      if (x - reach < Math.min(x1, x2) + 8 || x + reach > Math.max(x1, x2) - 8) continue;
      if (!this.claim(x - reach, y - rise - 14, x + reach, y + rise - 2)) continue;
      this.pen.save();
      this.pen.translate(x, y);
      if (flat) this.pen.rotate(angle * way);
      this.pen.globalAlpha = dim ? 0.2 : 1;
      this.text(label, 0, -8, this.color(style), {align: "center"});
      this.pen.restore();
      return;
    }
  }

  // What is under the pointer, or next to it.
  at(x, y) {
    let best = null;
    let least = 7;
    for (const {item, x1, y1, x2, y2, near} of this.drawn) {
      const dx = x2 - x1;
      const dy = y2 - y1;
      const along = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) /
                                            (dx * dx + dy * dy || 1)));
      const away = Math.hypot(x - x1 - dx * along, y - y1 - dy * along) - (near ? 2 : 0);
      if (away >= least) continue;
      least = away;
      best = item;
    }
    return best;
  }
}
