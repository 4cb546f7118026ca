// Follows light backwards from the camera.
import { CLEAR, cast, distance, hit, lightThrough } from "./hit";
import { discX, discY, random, toDisc } from "./random";
import { GLASS, METAL, SUN_RADIUS, sun, sunlight } from "./scene";
import { skylight } from "./sky";
import { Vector } from "./vector";

const LONGEST_PATH = 8;
const GLASS_INDEX: f64 = 1.5;
/** Share of light that varnish reflects when it is looked at straight. */
const VARNISH: f64 = 0.04;

/** The ray that is followed; the caller sets where it starts. */
export const origin = new Vector();
export const direction = new Vector();
/** Light that came along it. */
export const light = new Vector();

const normal = new Vector();
const weight = new Vector();
const colour = new Vector();
const toLight = new Vector();
const across = new Vector();
const upward = new Vector();
const sky = new Vector();

/** Finds two directions that are square to one and to each other. */
function frame(axis: Vector): void {
  const side: f64 = axis.z < 0 ? -1 : 1;
  const a = -1 / (side + axis.z);
  const b = axis.x * axis.y * a;
  across.set(1 + side * axis.x * axis.x * a, side * b, -side * axis.x);
  upward.set(b, side + axis.y * axis.y * a, -axis.y);
}

/** Share of light that a surface reflects, by how straight it is looked at. */
function fresnel(straight: f64, cosine: f64): f64 {
  const slope = 1 - cosine;
  const square = slope * slope;
  return straight + (1 - straight) * square * square * slope;
}

/** Turns the ray as a mirror does. */
function reflect(): void {
  direction.add(normal, -2 * direction.dot(normal));
}

/** Moves the ray's start to where it met a surface, off to one side. */
function advance(side: f64): void {
  origin.add(direction, distance);
  origin.add(normal, side * CLEAR);
}

/** Sends the ray on from a matt surface, brighter where the surface faces up from it. */
function scatter(u: f64, v: f64): void {
  toDisc(u, v);
  frame(normal);
  const height = sqrt(max(0, 1 - discX * discX - discY * discY));
  direction.set(normal.x * height, normal.y * height, normal.z * height);
  direction.add(across, discX);
  direction.add(upward, discY);
  direction.normalise();
}

/** Adds the light that comes straight from a point of the sun. */
function addSunlight(u: f64, v: f64): void {
  toDisc(u, v);
  frame(sun);
  toLight.copy(sun);
  toLight.add(across, discX * SUN_RADIUS);
  toLight.add(upward, discY * SUN_RADIUS);
  toLight.normalise();
  const facing = toLight.dot(normal);
  if (facing <= 0) return;
  const share = facing * lightThrough(origin, toLight);
  light.x += weight.x * colour.x * sunlight.x * share;
  light.y += weight.y * colour.y * sunlight.y * share;
  light.z += weight.z * colour.z * sunlight.z * share;
}

/** Passes glass or is reflected by it. */
function passGlass(choice: f64, cosine: f64, inside: bool): void {
  const ratio = inside ? GLASS_INDEX : 1 / GLASS_INDEX;
  const bent = 1 - ratio * ratio * (1 - cosine * cosine);
  const outer = inside ? sqrt(max(bent, 0)) : cosine;
  if (bent <= 0 || choice < fresnel(VARNISH, outer)) {
    advance(1);
    reflect();
    return;
  }
  advance(-1);
  direction.scale(ratio);
  direction.add(normal, ratio * cosine - sqrt(bent));
  direction.normalise();
}

/**
 * Follows the ray and collects its light.
 *
 * @param choice Whether the first surface reflects or lets pass, a number from 0 to 1.
 * @param sunU Which point of the sun lights the first matt surface, two numbers from 0 to 1.
 * @param skyU Where that surface looks for more light, two numbers from 0 to 1.
 */
export function trace(choice: f64, sunU: f64, sunV: f64, skyU: f64, skyV: f64): void {
  light.set(0, 0, 0);
  weight.set(1, 1, 1);
  let sharp = true;
  for (let bounce = 0; bounce < LONGEST_PATH; bounce += 1) {
    cast(origin, direction);
    if (distance == Infinity) {
      skylight(direction, sharp, sky);
      light.set(light.x + weight.x * sky.x, light.y + weight.y * sky.y, light.z + weight.z * sky.z);
      return;
    }
    let straight = VARNISH;
    let roughness: f64 = 0;
    const sphere = hit;
    if (sphere) {
      const inverse = 1 / sphere.radius;
      normal.set(origin.x - sphere.centre.x, origin.y - sphere.centre.y, origin.z - sphere.centre.z);
      normal.add(direction, distance);
      normal.scale(inverse);
      const inside = normal.dot(direction) > 0;
      if (inside) normal.scale(-1);
      const cosine = min(1, -normal.dot(direction));
      colour.copy(sphere.colour);
      if (sphere.material == GLASS) {
        weight.multiply(colour.x, colour.y, colour.z);
        passGlass(choice, cosine, inside);
        choice = random();
        continue;
      }
      if (sphere.material == METAL) {
        const edge = fresnel(0, cosine);
        weight.multiply(
          colour.x + (1 - colour.x) * edge,
          colour.y + (1 - colour.y) * edge,
          colour.z + (1 - colour.z) * edge,
        );
        advance(1);
        reflect();
        if (sphere.roughness > 0) {
          const radius = sphere.roughness * sqrt(random());
          toDisc(random(), random());
          frame(direction);
          direction.add(across, discX * radius);
          direction.add(upward, discY * radius);
          const below = direction.dot(normal);
          if (below < 0) direction.add(normal, -2 * below);
          direction.normalise();
        }
        continue;
      }
    } else {
      normal.set(0, 1, 0);
      const x = origin.x + direction.x * distance;
      const z = origin.z + direction.z * distance;
      const far = distance * distance;
      // Far away the floor fades into the sky above it.
      const haze = far / (far + 2500);
      toLight.set(direction.x + 1e-9, 0, direction.z);
      toLight.normalise();
      skylight(toLight, false, sky);
      light.set(
        light.x + weight.x * haze * sky.x,
        light.y + weight.y * haze * sky.y,
        light.z + weight.z * haze * sky.z,
      );
      weight.scale(1 - haze);
      if ((<i32>floor(x) + <i32>floor(z)) & 1) colour.set(0.74, 0.7, 0.64);
      else colour.set(0.075, 0.08, 0.1);
      straight = 0.07;
      roughness = 0.02;
    }

    const cosine = min(1, -normal.dot(direction));
    advance(1);
    if (choice < fresnel(straight, cosine)) {
      reflect();
      choice = random();
      if (roughness > 0) {
        toDisc(random(), random());
        direction.x += discX * roughness;
        direction.z += discY * roughness;
        direction.normalise();
      }
      continue;
    }
    addSunlight(sunU, sunV);
    weight.multiply(colour.x, colour.y, colour.z);
    // A dark path ends early, and those that go on stand for it.
    if (bounce > 1) {
      const survival = min(0.95, max(weight.x, max(weight.y, weight.z)));
      if (random() >= survival) return;
      weight.scale(1 / survival);
    }
    scatter(skyU, skyV);
    sharp = false;
    sunU = random();
    sunV = random();
    skyU = random();
    skyV = random();
    choice = random();
  }
}
