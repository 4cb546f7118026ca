// Arguments of a WASI command.
import { fail } from "./stdio";
import { args_get, args_sizes_get } from "./wasi_snapshot_preview1";

const sizes = memory.data(8, 4);

/** Whether the only argument after the program's name is this, plain ASCII; without arguments it is not. */
export function isCalled(word: string): bool {
  if (args_sizes_get(sizes, sizes + 4) != 0) fail("The arguments cannot be read.");
  const count = load<i32>(sizes);
  if (count < 2) return false;
  const places = heap.alloc(count * sizeof<usize>());
  const bytes = heap.alloc(load<i32>(sizes, 4));
  if (args_get(places, bytes) != 0) fail("The arguments cannot be read.");
  const start = load<usize>(places, sizeof<usize>());
  for (let place = 0; place < word.length; place += 1) {
    if (load<u8>(start + place) != <u8>word.charCodeAt(place)) fail("The argument is not known.");
  }
  if (load<u8>(start + word.length) != 0 || count > 2) fail("The argument is not known.");
  return true;
}
