// What there is to see: spheres on a chequered floor under an evening sky.
import { random, startRandom } from "./random";
import { SCENE_GALLERY } from "./job";
import { Vector } from "./vector";

/** A matt body under a coat of varnish. */
export const VARNISHED = 0;
export const METAL = 1;
export const GLASS = 2;

export class Sphere {
  constructor(
    public centre: Vector,
    public radius: f64,
    public material: i32,
    public colour: Vector,
    /** How far a reflection scatters, 0 for a mirror. */
    public roughness: f64,
  ) {}
}

const MOST_SPHERES = 64;
export const spheres = new StaticArray<Sphere | null>(MOST_SPHERES);
export let sphereCount: i32 = 0;

/** Direction to the sun. */
export const sun = new Vector(-0.86, 0.4, -0.06);
/** Light of the sun on a surface that faces it. */
export const sunlight = new Vector(4.3, 3.0, 1.8);
/** Radius of the sun's disc, as seen from a unit away; larger than the real one for softer shadows. */
export const SUN_RADIUS: f64 = 0.055;

function place(x: f64, y: f64, z: f64, radius: f64, material: i32, colour: Vector, roughness: f64): void {
  spheres[sphereCount] = new Sphere(new Vector(x, y, z), radius, material, colour, roughness);
  sphereCount += 1;
}

/** Whether a sphere on the floor keeps clear of all others. */
function isFree(x: f64, z: f64, radius: f64): bool {
  for (let index = 0; index < sphereCount; index += 1) {
    const other = spheres[index]!;
    const across = other.centre.x - x;
    const along = other.centre.z - z;
    const up = other.centre.y - radius;
    const apart = other.radius + radius + 0.03;
    if (across * across + along * along + up * up < apart * apart) return false;
  }
  return true;
}

function tint(low: f64, high: f64): f64 {
  return low + (high - low) * random();
}

/** A bright colour: one channel is strong, one weak. */
function brightColour(): Vector {
  const strong = tint(0.65, 0.92);
  const weak = tint(0.03, 0.12);
  const middle = tint(weak, strong);
  const kind = <i32>(random() * 6);
  if (kind == 0) return new Vector(strong, middle, weak);
  if (kind == 1) return new Vector(strong, weak, middle);
  if (kind == 2) return new Vector(middle, strong, weak);
  if (kind == 3) return new Vector(weak, strong, middle);
  if (kind == 4) return new Vector(middle, weak, strong);
  return new Vector(weak, middle, strong);
}

/** Scatters small spheres over the floor in front of the camera. */
function scatter(count: i32, least: f64, most: f64): void {
  const wanted = sphereCount + count;
  for (let attempt = 0; attempt < 4000 && sphereCount < wanted; attempt += 1) {
    const radius = tint(least, most);
    const z = tint(-6.5, 3.2);
    const x = tint(-1, 1) * (5.6 - z * 0.75);
    const kind = random();
    const colour = brightColour();
    if (!isFree(x, z, radius)) continue;
    if (kind < 0.55) place(x, radius, z, radius, VARNISHED, colour, 0);
    else if (kind < 0.8) {
      place(
        x,
        radius,
        z,
        radius,
        METAL,
        new Vector(0.4 + 0.6 * colour.x, 0.4 + 0.6 * colour.y, 0.4 + 0.6 * colour.z),
        random() * 0.25,
      );
    } else place(x, radius, z, radius, GLASS, new Vector(1, 1, 1), 0);
  }
}

/** Builds a scene; colours and places of the small spheres follow from the seed. */
export function buildScene(scene: i32, seed: u32): void {
  sun.normalise();
  startRandom(seed, 0xffff, <u32>scene);
  if (scene == SCENE_GALLERY) {
    place(0, 1.15, 0, 1.15, GLASS, new Vector(0.97, 0.99, 1), 0);
    place(-2.45, 1.05, -1.3, 1.05, METAL, new Vector(1, 0.78, 0.38), 0.02);
    place(2.4, 1.1, -1.1, 1.1, VARNISHED, new Vector(0.62, 0.035, 0.05), 0);
    place(0.6, 1.6, -4.2, 1.6, METAL, new Vector(0.93, 0.94, 0.96), 0);
    scatter(22, 0.16, 0.42);
  } else {
    scatter(52, 0.22, 0.72);
  }
}
