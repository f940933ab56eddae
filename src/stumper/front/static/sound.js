// Small sounds, off until the player switches them on, and a short buzz where the device can.

const TUNES = {
  asked: [[520, 0.05]],
  answered: [[392, 0.06], [523, 0.08]],
  right: [[523, 0.07], [659, 0.07], [784, 0.1]],
  wrong: [[330, 0.09], [247, 0.14]],
  late: [[880, 0.05], [880, 0.05]],
};
const still = matchMedia("(prefers-reduced-motion: reduce)");
let audio = null;

export const isOn = () => localStorage.getItem("sound") === "on";

export function switchSound(on) {
  localStorage.setItem("sound", on ? "on" : "off");
  if (on) play("answered");
}

export function play(name) {
  if (!isOn()) return;
  audio ??= new AudioContext();
  let at = audio.currentTime;
  for (const [hertz, seconds] of TUNES[name]) {
    const tone = new OscillatorNode(audio, { type: "triangle", frequency: hertz });
    const volume = new GainNode(audio, { gain: 0.12 });
    volume.gain.setTargetAtTime(0, at + seconds * 0.6, 0.03);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + seconds + 0.1);
    at += seconds;
  }
}

export function buzz(...pattern) {
  if (!still.matches) navigator.vibrate?.(pattern);
}
