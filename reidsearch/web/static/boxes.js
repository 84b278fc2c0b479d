/* Boxes of stored tracklets over a video: fetched by windows, interpolated within runs alone, drawn
   as links in an SVG that has the size of the frame in its pixels. */

import { ask } from "./source_video.js";

const WINDOW_S = 30;
const SAME_S = 0.00001;
const SVG = "http://www.w3.org/2000/svg";

/** Return the box of a run of [time, left, top, right, bottom] at a moment; null: none. */
export function boxAt(run, at) {
  let low = 0;
  let high = run.length - 1;
  if (at < run[0][0] - SAME_S || at > run[high][0] + SAME_S) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (run[middle][0] <= at + SAME_S) low = middle;
    else high = middle;
  }
  if (run[high][0] <= at + SAME_S) low = high;
  const [begin, end] = [run[low], run[Math.min(low + 1, run.length - 1)]];
  const measured = Math.abs(begin[0] - at) <= SAME_S;
  const share = measured || end === begin ? 0 : (at - begin[0]) / (end[0] - begin[0]);
  const sides = [1, 2, 3, 4].map((side) => begin[side] + share * (end[side] - begin[side]));
  return { sides, measured };
}

export class Boxes {
  /**
   * @param svg where they are drawn.
   * @param source `source_id`, `height_px`.
   * @param words `tracklet`: what a tracklet without identity is called.
   */
  constructor(svg, source, words) {
    this.svg = svg;
    this.source = source;
    this.words = words;
    this.windows = new Map();
    this.drawn = new Map();
    for (const link of svg.querySelectorAll("a")) this.drawn.set(Number(link.dataset.tracklet), link);
  }

  /** Draw the boxes of a moment, as soon as they are known. */
  async show(at) {
    this.at = at;
    const number = Math.floor(at / WINDOW_S);
    const near = [number, Math.floor((at + WINDOW_S / 3) / WINDOW_S)].map((one) => this.#window(one));
    const document = await near[0];
    if (this.at === at && document) this.#draw(document, at);
  }

  #window(number) {
    if (!this.windows.has(number)) {
      const url = `/api/v1/sources/${this.source.source_id}/boxes`;
      const ends = `?from=${number * WINDOW_S}&to=${(number + 1) * WINDOW_S}`;
      const asked = ask(url + ends).then((response) => response.json());
      asked.catch(() => this.windows.delete(number));
      this.windows.set(number, asked.catch(() => null));
    }
    return this.windows.get(number);
  }

  #draw(document, at) {
    const shown = new Set();
    for (const one of document.tracklets) {
      const box = one.runs.map((run) => boxAt(run, at)).find((found) => found !== null);
      if (!box) continue;
      shown.add(one.tracklet_id);
      this.#place(this.drawn.get(one.tracklet_id) ?? this.#link(one), one, box);
    }
    for (const [id, link] of this.drawn) {
      if (shown.has(id)) continue;
      link.remove();
      this.drawn.delete(id);
    }
  }

  #link(one) {
    const link = document.createElementNS(SVG, "a");
    const label = document.createElementNS(SVG, "text");
    label.setAttribute("dy", "-0.3em");
    label.setAttribute("font-size", (this.source.height_px / 26).toFixed(1));
    label.textContent = one.identity?.name ?? this.words.tracklet.replace("{number}", one.tracklet_id);
    link.append(document.createElementNS(SVG, "rect"), label);
    link.dataset.tracklet = one.tracklet_id;
    link.setAttribute("href", `/tracklets/${one.tracklet_id}`);
    link.setAttribute("aria-label", label.textContent);
    this.svg.append(link);
    this.drawn.set(one.tracklet_id, link);
    return link;
  }

  #place(link, one, { sides: [left, top, right, bottom], measured }) {
    link.setAttribute("class", `box${one.identity ? " known" : ""}${measured ? "" : " between"}`);
    const values = { x: left, y: top, width: right - left, height: bottom - top };
    const [rect, label] = link.children;
    for (const [name, value] of Object.entries(values)) rect.setAttribute(name, value.toFixed(1));
    label.setAttribute("x", left.toFixed(1));
    label.setAttribute("y", top.toFixed(1));
  }
}
