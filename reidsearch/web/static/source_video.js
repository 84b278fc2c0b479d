/* A source in a <video>: its file where the browser plays it, else stretches of a stream, asked for
   as they are needed. `currentTime` is the source's media time in both cases. */

const STRETCH_S = 30; // the server gives no more at once
const AHEAD_S = 10; // so much is there before the next stretch is asked for
const KEPT_S = 60; // so much of what was shown stays
const ROUND_S = 0.05;
const EXACT_S = 0.0005;
const BACK_S = 4; // begun so much earlier where somebody goes back frame by frame

export class Problem extends Error {
  constructor(detail, advice = "") {
    super(detail);
    this.advice = advice;
  }
}

/** Return the response of the server; throw its problem. */
export async function ask(url, options = {}) {
  const response = await fetch(url, options);
  if (response.ok) return response;
  const told = await response.json().catch(() => null);
  throw new Problem(told?.detail ?? response.statusText, told?.advice);
}

export class SourceVideo {
  /**
   * @param video element that shows it.
   * @param source `source_id`, `way`, `duration_s`.
   * @param failed called with a Problem when it cannot be shown.
   */
  constructor(video, source, failed) {
    this.video = video;
    this.source = source;
    this.failed = failed;
    this.base = `/api/v1/sources/${source.source_id}`;
    this.over = false; // it has failed
    this.target = null; // where to go as soon as it is there
    this.wanted = null; // where the stretch begins that is being fetched
  }

  /** Show what lies at a moment; resolves when the browser knows the footage. */
  async open(at) {
    const known = new Promise((resolve) => {
      this.video.addEventListener("loadeddata", resolve, { once: true });
    });
    if (this.source.way === "file") {
      this.video.addEventListener("error", () => this.#unplayable(), { once: true });
      this.video.src = `${this.base}/video`;
      this.video.currentTime = at;
    } else {
      await this.#stream(at);
    }
    await known;
  }

  /** The browser did not play the file: tell why it got none, or stream it. */
  async #unplayable() {
    try {
      await ask(`${this.base}/video`, { headers: { Range: "bytes=0-0" } });
      await this.#stream(this.video.currentTime);
    } catch (problem) {
      this.#fail(problem);
    }
  }

  /** A stretch that breaks off while it comes tells no cause: one that is asked for anew does. */
  async #cause(problem, url) {
    if (problem instanceof Problem) return problem;
    const told = await ask(url).catch((error) => error);
    if (told instanceof Response) await told.body.cancel();
    return told instanceof Problem ? told : problem;
  }

  #fail(problem) {
    this.over = true;
    this.failed(problem);
  }

  async #stream(at) {
    if (!("MediaSource" in window)) throw new Problem("");
    this.media = new MediaSource();
    const opened = new Promise((resolve) => {
      this.media.addEventListener("sourceopen", resolve, { once: true });
    });
    this.video.src = URL.createObjectURL(this.media);
    await opened;
    URL.revokeObjectURL(this.video.src);
    this.media.duration = Math.max(this.source.duration_s, at) + 1;
    for (const event of ["timeupdate", "waiting", "play"]) {
      this.video.addEventListener(event, () => this.#feed());
    }
    this.video.currentTime = at; // so that nothing is shown that comes before
    this.seek(at);
  }

  /** Go to a moment: at once where it is there; a browser would take a frame near it else. */
  seek(at) {
    if (!this.media || this.#reached(at) !== null) {
      this.target = null;
      this.video.currentTime = at;
      return;
    }
    this.target = at;
    this.#feed();
  }

  /** Something has come: go to where somebody wanted to. */
  #arrive() {
    if (this.target !== null && this.#reached(this.target) !== null) this.seek(this.target);
  }

  /** Ask for the next stretch where less than enough is there. */
  #feed() {
    if (this.over) return;
    const at = this.target ?? this.video.currentTime;
    const reached = this.#reached(at);
    const missing = reached === null;
    if (this.wanted !== null) {
      const coming = at >= this.wanted - ROUND_S && at < this.until;
      if (!missing || coming) return;
      this.leave.abort();
    }
    const next = this.#next(at);
    const back = next - at < BACK_S / 2 ? BACK_S : 0;
    const from = missing ? Math.max(0, at - back) : reached;
    const end = this.source.duration_s - EXACT_S;
    const enough = !missing && (reached - at > AHEAD_S || reached >= end || reached === this.ended);
    if (!missing && reached >= end) this.#finish();
    if (enough || from > this.source.duration_s + 0.5) return;
    this.#fetch(from, Math.min(from + STRETCH_S, missing ? next + ROUND_S : Infinity));
  }

  /** All is there: the player need not wait for more. */
  #finish() {
    if (this.media.readyState === "open" && !this.buffer.updating) this.media.endOfStream();
  }

  /** Where the next of what is there begins after a moment. */
  #next(at) {
    const { buffered } = this.video;
    for (let n = 0; n < buffered.length; n++) {
      if (buffered.start(n) > at) return buffered.start(n);
    }
    return Infinity;
  }

  /** Where what is there at a moment ends; null: nothing is. */
  #reached(at) {
    const { buffered } = this.video;
    for (let n = 0; n < buffered.length; n++) {
      if (buffered.start(n) - EXACT_S <= at && at < buffered.end(n)) return buffered.end(n);
    }
    return null;
  }

  async #fetch(from, to) {
    const leave = new AbortController();
    this.leave = leave;
    [this.wanted, this.until] = [from, to];
    const url = `${this.base}/stream?from=${from}&to=${to}`;
    try {
      const response = await ask(url, { signal: leave.signal });
      await this.#begin(response.headers, leave.signal);
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (leave.signal.aborted) return;
        if (done) break;
        await this.#append(value, leave.signal);
      }
      if (this.#reached(from) === null || this.#reached(from) === from) this.ended = from;
      this.#settle(from, to);
    } catch (problem) {
      if (problem.name !== "AbortError") this.#fail(await this.#cause(problem, url));
    } finally {
      if (this.leave === leave) {
        this.wanted = null;
        if (!leave.signal.aborted && !this.over) this.#feed();
      }
    }
  }

  /** A stretch has come whole without the moment that it was asked for: a gap in the footage, or
      its end. Go to the nearest frame that is there, or the same stretch would be asked for again. */
  #settle(from, to) {
    const at = this.target ?? this.video.currentTime;
    if (at < from || at >= to || this.#reached(at) !== null) return;
    const { buffered } = this.video;
    const next = this.#next(at);
    if (next < to) this.seek(next + EXACT_S);
    else if (buffered.length) this.seek(buffered.end(buffered.length - 1) - EXACT_S);
    else throw new Problem("");
  }

  async #begin(headers, signal) {
    const type = `video/mp4; codecs="${headers.get("x-codec")}"`;
    if (!this.buffer) this.buffer = this.media.addSourceBuffer(type);
    else {
      await this.#idle();
      if (signal.aborted) return;
      if (this.media.readyState === "open") this.buffer.abort(); // what was left half
      if (type !== this.type) this.buffer.changeType(type);
    }
    this.type = type;
    this.buffer.timestampOffset = Number(headers.get("x-zero-s"));
    const before = this.video.currentTime - KEPT_S;
    if (before > 0) {
      this.buffer.remove(0, before);
      await this.#idle();
    }
  }

  async #append(part, signal) {
    await this.#idle();
    if (signal.aborted) return;
    try {
      this.buffer.appendBuffer(part);
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      this.buffer.remove(0, Math.max(0.1, this.video.currentTime - 1));
      await this.#idle();
      this.buffer.appendBuffer(part);
    }
    await this.#idle();
    this.#arrive();
  }

  #idle() {
    if (!this.buffer.updating) return Promise.resolve();
    return new Promise((resolve) => {
      this.buffer.addEventListener("updateend", resolve, { once: true });
    });
  }
}
