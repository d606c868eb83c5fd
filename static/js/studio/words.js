// Numbers in plain words.

export function ordinal(n) {
  const tail = n % 100;
  const ending = tail > 10 && tail < 14 ? "th" : { 1: "st", 2: "nd", 3: "rd" }[n % 10] || "th";
  return `${n}${ending}`;
}

/** 6400 → "6 s"; 95000 → "1 min 35 s"; 1800000 → "30 min". */
export function duration(ms) {
  const s = Math.max(1, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 600 && s % 60) return `${Math.floor(s / 60)} min ${s % 60} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

/** What is held for `clips` clips of one price: each is charged what it really takes, or less. */
export function price(gpuMs, clips) {
  const each = `up to ${duration(gpuMs)} of drawing time`;
  return clips > 1 ? `${clips} × ${each}` : each;
}

/** A prompt short enough to be named in a sentence. */
export function quoted(prompt, most = 42) {
  const short = prompt.length > most ? `${prompt.slice(0, most).replace(/\s+\S*$/, "")} …` : prompt;
  return `“${short}”`;
}

export function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

export function count(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** What is left today, in full and for a narrow bar. */
export function allowanceLeft({ clips_left: clips, gpu_ms_left: gpuMs }) {
  if (clips === 0) return ["No clips left today · more at midnight UTC", "No clips left today"];
  const left = count(clips, "clip");
  return [`${left} and ${duration(gpuMs)} of drawing left today`, `${clips} left today`];
}

export function place(n) {
  return n <= 1 ? "Next in line" : `${ordinal(n)} in line`;
}

/** When a clip that waits is drawn, as far as anybody knows. */
export function start(waitMs) {
  return waitMs ? `Drawing starts by itself, in about ${duration(waitMs)}.` : "Drawing starts by itself.";
}

/** "just now", "5 min ago", "3 h ago", "12 Mar". */
export function ago(ms, now = Date.now()) {
  const minutes = Math.floor((now - ms) / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return new Date(ms).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}
