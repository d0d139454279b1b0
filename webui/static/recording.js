// One recording of a voice: the microphone, how loud it is, how long it takes, and the file in the end.

const LOOK = 50; // ms between two measures of how loud it is
const PIECE = 1000; // ms of sound that come at once
const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const BITS = 32_000; // a second: what WhatsApp's own voice messages take

export const isPossible = () => Boolean(window.isSecureContext && navigator.mediaDevices?.getUserMedia && window.MediaRecorder && TYPES.some((type) => MediaRecorder.isTypeSupported(type)));

/** Ask for the microphone, and begin; rejects with a DOMException that says why not. */
export async function start(most) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
  try {
    return new Recording(stream, most);
  } catch (error) {
    release(stream);
    throw error;
  }
}

const release = (stream) => stream.getTracks().forEach((track) => track.stop());

/** `most`: {seconds, bytes}. `ended` is why it has stopped by itself: "long", "gone" (no microphone any more). */
class Recording {
  levels = [];
  seconds = 0;
  blob = null;
  ended = "";
  word = "";
  // one answer, however often it is asked for
  key = crypto.randomUUID();
  onlook = () => {};
  onstop = () => {};
  #pieces = [];
  #bytes = 0;

  constructor(stream, most) {
    this.stream = stream;
    this.most = most;
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    this.recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS });
    this.stopped = new Promise((done) => this.recorder.addEventListener("stop", () => done(this.#finish())));
    this.recorder.addEventListener("dataavailable", ({ data }) => {
      this.#pieces.push(data);
      this.#bytes += data.size;
    });
    this.recorder.addEventListener("error", () => this.#stopAs("gone"));
    // what is unplugged, or taken away in the browser's own settings
    for (const track of stream.getTracks()) track.addEventListener("ended", () => this.#stopAs("gone"));
    this.#listen();
    this.recorder.start(PIECE);
    this.begun = performance.now();
    this.timer = setInterval(() => this.#look(), LOOK);
  }

  get isRunning() {
    return this.recorder.state !== "inactive";
  }

  /** Stop; resolves when the file is whole. */
  stop() {
    if (this.isRunning) {
      this.seconds = (performance.now() - this.begun) / 1000;
      this.recorder.stop();
    }
    return this.stopped;
  }

  #stopAs(why) {
    if (!this.isRunning) return;
    this.ended = why;
    this.stop();
  }

  #listen() {
    try {
      this.context = new AudioContext();
      this.analyser = this.context.createAnalyser();
      this.analyser.fftSize = 2048;
      this.context.createMediaStreamSource(this.stream).connect(this.analyser);
      this.samples = new Float32Array(this.analyser.fftSize);
    } catch {
      // then nobody sees how loud it is
      this.analyser = null;
    }
  }

  #look() {
    this.seconds = (performance.now() - this.begun) / 1000;
    this.levels.push(this.#loudness());
    if (this.seconds >= this.most.seconds || this.#bytes >= this.most.bytes) this.#stopAs("long");
    this.onlook(this);
  }

  #loudness() {
    if (!this.analyser) return 0;
    this.analyser.getFloatTimeDomainData(this.samples);
    const mean = this.samples.reduce((sum, sample) => sum + sample * sample, 0) / this.samples.length;
    return Math.min(1, Math.sqrt(mean) * 3);
  }

  #finish() {
    clearInterval(this.timer);
    release(this.stream);
    this.context?.close();
    this.blob = new Blob(this.#pieces, { type: this.recorder.mimeType });
    this.#pieces = [];
    this.onstop(this);
  }
}
