// The evening sky: a glow around the sun, blue overhead, thin clouds in between.
import { sun } from "./scene";
import { Vector } from "./vector";

/** A number from 0 to 1 that belongs to a point of a grid. */
function lattice(x: i32, z: i32): f64 {
  let hash: u32 = <u32>x * 0x8da6b343 + <u32>z * 0xd8163841;
  hash = (hash ^ (hash >> 15)) * 0x2c1b3c6d;
  hash = (hash ^ (hash >> 12)) * 0x297a2d39;
  return <f64>(hash ^ (hash >> 15)) * (1.0 / 4294967296.0);
}

function smooth(x: f64, z: f64): f64 {
  const left = floor(x);
  const near = floor(z);
  const column = <i32>left;
  const row = <i32>near;
  let u = x - left;
  let v = z - near;
  u = u * u * (3 - 2 * u);
  v = v * v * (3 - 2 * v);
  const first = lattice(column, row) * (1 - u) + lattice(column + 1, row) * u;
  const second = lattice(column, row + 1) * (1 - u) + lattice(column + 1, row + 1) * u;
  return first * (1 - v) + second * v;
}

/** How much cloud there is in a direction, 0 to 1. */
function clouds(direction: Vector): f64 {
  if (direction.y < 0.02) return 0;
  let x = (direction.x / (direction.y + 0.12)) * 0.9 + 40;
  let z = (direction.z / (direction.y + 0.12)) * 1.7 + 40;
  let sum: f64 = 0;
  let weight: f64 = 0.5;
  for (let octave = 0; octave < 5; octave += 1) {
    sum += weight * smooth(x, z);
    const turned = x * 1.6 + z * 1.2;
    z = z * 1.6 - x * 1.2;
    x = turned;
    weight *= 0.5;
  }
  const cover = min(max((sum - 0.5) * 3.6, 0), 1);
  const low = min((direction.y - 0.02) * 6, 1);
  return cover * cover * (3 - 2 * cover) * low * 0.85;
}

/**
 * Light from the sky.
 *
 * @param direction Where it comes from, of length 1.
 * @param sharp Whether clouds and the sun's disc are seen; scattered light does without.
 * @param light Where it is put.
 */
export function skylight(direction: Vector, sharp: bool, light: Vector): void {
  const low = 1 - max(direction.y, 0);
  const low4 = low * low * low * low;
  light.set(0.1 + 0.9 * low4, 0.23 + 0.38 * low4, 0.56 - 0.16 * low4);
  const near = max(direction.dot(sun), 0);
  const near2 = near * near;
  const near8 = near2 * near2 * near2 * near2;
  const near32 = near8 * near8 * near8 * near8;
  const glow = 0.3 * near2 * near2 + 0.7 * near32;
  light.set(light.x + glow, light.y + glow * 0.55, light.z + glow * 0.2);
  if (!sharp) return;
  const cloud = clouds(direction);
  const lit = 0.75 + 0.6 * near8;
  light.scale(1 - cloud);
  light.set(light.x + cloud * lit * 1.12, light.y + cloud * lit * 0.86, light.z + cloud * lit * 0.78);
  if (near > 0.9988) {
    const disc = min((near - 0.9988) * 2500, 1) * (1 - 0.7 * cloud);
    light.set(light.x + 22 * disc, light.y + 16 * disc, light.z + 9 * disc);
  }
}
