// Trains the network of `digits` by stochastic gradient descent. Uses + − × ÷ and square roots of 64-bit floats alone,
// in a fixed sequence, so that every engine gives the same weights.
import { write } from "../../lib/stdio";
import { batch, done, epochs, images, labels, pixels, rate, readJob, run, shift } from "./job";
import { apply, LESSON_BYTES, study } from "./lesson";
import { checkpoint, CHECKPOINT_BYTES, closeCheckpoint, PIXELS } from "./network";
import { draw, shuffle } from "./random";

function move(): i32 {
  return <i32>draw(2 * shift + 1) - <i32>shift;
}

/**
 * Trains for one epoch.
 *
 * @param over Epochs that are over.
 * @param order Memory for the sequence of the images.
 * @param lessons Memory for the lessons of a batch.
 */
function trainEpoch(over: u32, order: usize, lessons: usize): void {
  shuffle(order, images);
  for (let first: u32 = 0; first < images; first += batch) {
    const size = min(batch, images - first);
    const pace = (rate * (1 - <f64>(over * images + first) / <f64>(epochs * images))) / <f64>size;
    for (let place: u32 = 0; place < size; place += 1) {
      const image = load<u32>(order + ((first + place) << 2));
      const right = move();
      const down = move();
      study(lessons + place * LESSON_BYTES, pixels + image * PIXELS, right, down, load<u8>(labels + image), pace);
    }
    for (let place: u32 = 0; place < size; place += 1) apply(lessons + place * LESSON_BYTES);
  }
}

function main(): void {
  readJob();
  const order = heap.alloc(images << 2);
  const lessons = heap.alloc(batch * LESSON_BYTES);
  for (let over = done; over < done + run; over += 1) trainEpoch(over, order, lessons);
  closeCheckpoint(done + run);
  write(checkpoint, CHECKPOINT_BYTES);
}

main();
