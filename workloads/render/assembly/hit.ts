// Where a ray meets the scene.
import { GLASS, Sphere, sphereCount, spheres } from "./scene";
import { Vector } from "./vector";

/** How far a ray starts off a surface, lest it meet the surface again. */
export const CLEAR: f64 = 1e-4;
/** Where the floor ends. */
const HORIZON: f64 = 1e6;

/** Distance of the last hit; infinite if there was none. */
export let distance: f64 = 0;
/** The sphere that was hit last; none if it was the floor. */
export let hit: Sphere | null = null;

/** Finds what a ray meets first. */
export function cast(origin: Vector, direction: Vector): void {
  distance = Infinity;
  hit = null;
  if (direction.y < 0) {
    const down = -origin.y / direction.y;
    if (down > CLEAR && down < HORIZON) distance = down;
  }
  for (let index = 0; index < sphereCount; index += 1) {
    const sphere = unchecked(spheres[index])!;
    const x = origin.x - sphere.centre.x;
    const y = origin.y - sphere.centre.y;
    const z = origin.z - sphere.centre.z;
    const half = x * direction.x + y * direction.y + z * direction.z;
    const square = half * half - (x * x + y * y + z * z - sphere.radius * sphere.radius);
    if (square <= 0) continue;
    const root = sqrt(square);
    let along = -half - root;
    if (along < CLEAR) along = -half + root;
    if (along < CLEAR || along >= distance) continue;
    distance = along;
    hit = sphere;
  }
}

/** Share of the light that comes through from a direction: glass dims it, everything else stops it. */
export function lightThrough(origin: Vector, direction: Vector): f64 {
  let share: f64 = 1;
  for (let index = 0; index < sphereCount; index += 1) {
    const sphere = unchecked(spheres[index])!;
    const x = origin.x - sphere.centre.x;
    const y = origin.y - sphere.centre.y;
    const z = origin.z - sphere.centre.z;
    const half = x * direction.x + y * direction.y + z * direction.z;
    if (half >= 0) continue;
    const square = half * half - (x * x + y * y + z * z - sphere.radius * sphere.radius);
    if (square <= 0) continue;
    if (sphere.material != GLASS) return 0;
    // The light that passes the middle is not bent away.
    share *= 0.15 + 0.75 * (square / (sphere.radius * sphere.radius));
  }
  return share;
}
