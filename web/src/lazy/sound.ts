// A short sound of two tones, and a buzz where the device can: without a file to fetch.
let audio: AudioContext | undefined;

function tone(at: number, hertz: number): void {
  const source = audio!.createOscillator();
  const volume = audio!.createGain();
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.15, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.22);
  source.connect(volume).connect(audio!.destination);
  source.start(at);
  source.stop(at + 0.25);
}

/** Browsers are silent until their page has been touched once. */
export function ring(): void {
  navigator.vibrate?.(120);
  try {
    audio ??= new AudioContext();
    void audio.resume();
    tone(audio.currentTime, 660);
    tone(audio.currentTime + 0.12, 880);
  } catch {
    /* no sound here */
  }
}
