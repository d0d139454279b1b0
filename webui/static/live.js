// The websocket: resumes from the last cursor, backs off with jitter, notices a dead line.

import * as connection from "./connection.js";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 15000;
const SILENCE = 25000; // the server pings every 10 s

export class Live {
  /** `on` has one function a message type; `on.lost` is called after a failed attempt. */
  constructor(cursor, on) {
    this.cursor = cursor;
    this.on = on;
    this.shows = {};
    this.failures = 0;
    this.timer = null;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.cut());
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    setInterval(() => this.checkSilence(), 5000);
    this.connect();
  }

  /** Tell the server what this tab shows; told again after every reconnect. */
  tell(shows, since = this.cursor) {
    this.shows = { ...this.shows, ...shows };
    this.say({ ...this.shows, cursor: since });
  }

  say(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  connect() {
    clearTimeout(this.timer);
    this.timer = null;
    this.heard = Date.now();
    connection.lost();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const shown = document.documentElement.dataset.account;
    const account = shown ? `&account=${shown}` : "";
    const socket = new WebSocket(`${scheme}//${location.host}/live?cursor=${this.cursor}${account}`);
    this.socket = socket;
    socket.onopen = () => this.say({ ...this.shows, cursor: this.cursor });
    socket.onmessage = (event) => this.socket === socket && this.hear(JSON.parse(event.data));
    socket.onclose = (event) => this.socket === socket && this.closed(event.code);
  }

  hear(message) {
    this.heard = Date.now();
    connection.heard();
    this.failures = 0;
    document.documentElement.dataset.live = "on";
    if (message.type === "ping") this.say({ pong: true });
    const done = this.on[message.type]?.(message);
    if (message.type === "resync") this.rereading = done;
    if (message.type === "caught-up") this.caughtUp(this.socket);
    if (message.seq !== undefined && message.type !== "resync") this.cursor = message.seq;
  }

  /** The server has told everything that was missed; what it could not tell one by one is being read again. */
  async caughtUp(socket) {
    await this.rereading;
    if (this.socket === socket && socket.readyState === WebSocket.OPEN) connection.back();
  }

  closed(code) {
    document.documentElement.dataset.live = "off";
    connection.lost();
    if (code === 4401) return location.reload();
    this.failures += 1;
    if (this.failures > 2) this.on.lost?.();
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (this.failures - 1));
    this.timer = setTimeout(() => this.connect(), delay * (0.5 + Math.random()));
  }

  hurry() {
    if (this.timer) this.connect();
  }

  checkSilence() {
    if (Date.now() - this.heard >= SILENCE) this.cut();
  }

  /** Give up a socket that hears nothing, and try again. */
  cut() {
    if (this.timer) return;
    const old = this.socket;
    this.socket = null;
    old.close();
    this.closed(0);
  }
}
