/* A source in a <video>: its file where the browser plays it, else stretches of a stream, asked for
   as they are needed. `currentTime` is the source's media time in both cases. */

const STRETCH_S = 30; // the server gives no more at once
const AHEAD_S = 10; // so much is there before the next stretch is asked for
const KEPT_S = 60; // so much of what was shown stays
const ROUND_S = 0.05;

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
      this.failed(problem);
    }
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
    for (const event of ["timeupdate", "seeking", "waiting", "play"]) {
      this.video.addEventListener(event, () => this.#feed());
    }
    this.video.currentTime = at;
    this.#feed();
  }

  /** Ask for the next stretch where less than enough is there. */
  #feed() {
    const at = this.video.currentTime;
    const reached = this.#reached(at);
    const missing = reached === null;
    if (this.wanted !== null) {
      const coming = at >= this.wanted - ROUND_S && at < this.wanted + STRETCH_S;
      if (!missing || coming) return;
      this.leave.abort();
    }
    const from = missing ? at : reached;
    if (from >= this.source.duration_s + 0.5 || (!missing && reached - at > AHEAD_S)) return;
    if (!missing && from === this.ended) return; // the last stretch gave nothing new
    this.#fetch(from);
  }

  /** Where what is there at a moment ends; null: nothing is. */
  #reached(at) {
    const { buffered } = this.video;
    for (let n = 0; n < buffered.length; n++) {
      if (buffered.start(n) - ROUND_S <= at && at < buffered.end(n)) return buffered.end(n);
    }
    return null;
  }

  async #fetch(from) {
    const leave = new AbortController();
    this.leave = leave;
    this.wanted = from;
    try {
      const url = `${this.base}/stream?from=${from}&to=${from + STRETCH_S}`;
      const response = await ask(url, { signal: leave.signal });
      await this.#begin(response.headers, from);
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (leave.signal.aborted) return;
        if (done) break;
        await this.#append(value);
      }
      if (this.#reached(from) === null || this.#reached(from) === from) this.ended = from;
    } catch (problem) {
      if (problem.name !== "AbortError") this.failed(problem);
    } finally {
      if (this.leave === leave) {
        this.wanted = null;
        if (!leave.signal.aborted) this.#feed();
      }
    }
  }

  async #begin(headers) {
    const type = `video/mp4; codecs="${headers.get("x-codec")}"`;
    if (!this.buffer) this.buffer = this.media.addSourceBuffer(type);
    else {
      await this.#idle();
      this.buffer.abort(); // what was left half
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

  async #append(part) {
    await this.#idle();
    try {
      this.buffer.appendBuffer(part);
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      this.buffer.remove(0, Math.max(0.1, this.video.currentTime - 1));
      await this.#idle();
      this.buffer.appendBuffer(part);
    }
    await this.#idle();
  }

  #idle() {
    if (!this.buffer.updating) return Promise.resolve();
    return new Promise((resolve) => {
      this.buffer.addEventListener("updateend", resolve, { once: true });
    });
  }
}
