// Random numbers of a pixel: they follow from seed and place alone, so a tile's picture does not depend on the tile.

let state: u64 = 0;
let stream: u64 = 0;

function mix(value: u64): u64 {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/** Starts the numbers of a place. */
export function startRandom(seed: u32, x: u32, y: u32): void {
  state = mix(((<u64>seed) << 32) | ((<u64>x) << 16) | (<u64>y));
  stream = mix(state + 0x9e3779b97f4a7c15) | 1;
}

/** From 0, included, to 1, excluded. */
export function random(): f64 {
  state += stream;
  return <f64>(mix(state) >> 11) * (1.0 / 9007199254740992.0);
}

/** Where the last point lies. */
export let discX: f64 = 0;
export let discY: f64 = 0;

/** Sine of at most an eighth of a turn, in radians. */
function sine(angle: f64): f64 {
  const square = angle * angle;
  return (
    angle * (1 + square * (-1.0 / 6.0 + square * (1.0 / 120.0 + square * (-1.0 / 5040.0 + square * (1.0 / 362880.0)))))
  );
}

/** Cosine of at most an eighth of a turn, in radians. */
function cosine(angle: f64): f64 {
  const square = angle * angle;
  return 1 + square * (-0.5 + square * (1.0 / 24.0 + square * (-1.0 / 720.0 + square * (1.0 / 40320.0))));
}

const EIGHTH: f64 = 0.7853981633974483;

/** Maps a point of the unit square onto the unit disc, neighbours to neighbours. */
export function toDisc(u: f64, v: f64): void {
  const a = 2 * u - 1;
  const b = 2 * v - 1;
  if (a == 0 && b == 0) {
    discX = 0;
    discY = 0;
  } else if (a * a > b * b) {
    const angle = EIGHTH * (b / a);
    discX = a * cosine(angle);
    discY = a * sine(angle);
  } else {
    const angle = EIGHTH * (a / b);
    discX = b * sine(angle);
    discY = b * cosine(angle);
  }
}
