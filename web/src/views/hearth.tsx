// A fire that somebody keeps: the page's own drawing, for screens with nothing else on them.
export function Hearth() {
  return (
    <svg class="hearth" viewBox="0 0 240 150" aria-hidden="true" focusable="false">
      <path class="arch" d="M30 146V70a90 66 0 0 1 180 0v76M14 146h212" />
      <path class="glow" d="M62 146V80a58 50 0 0 1 116 0v66z" />
      <g class="embers">
        <circle cx="98" cy="56" r="2.5" />
        <circle cx="146" cy="48" r="2" />
        <circle cx="128" cy="34" r="1.6" />
      </g>
      <g class="fire">
        <path d="M120 44c5 17 30 27 30 55a30 32 0 0 1-60 0c0-14 8-22 14-30 2 8 6 12 10 14-2-16-2-26 6-39z" />
        <path class="inner" d="M120 134a17 18 0 0 1-17-18c0-11 11-17 15-29 9 9 19 17 19 29a17 18 0 0 1-17 18z" />
      </g>
      <path class="log-wood" d="M78 128l84 14M162 128l-84 14" />
    </svg>
  );
}
