import { toUtf8Bytes } from "ethers";
import { z } from "zod";
import { parseDocument } from "../../../protocol/deployment.js";

const side = z.int().min(1).max(8_192);
const inputSchema = z.object({ tile: z.object({ width: side, height: side }) });

/**
 * A picture of the size that a job of the workload `render` asks for, which nobody has rendered: a sky that gets lighter
 * towards its lower edge.
 *
 * @param input Of the job.
 * @throws {DocumentFormatError} if the input does not say how large the picture is to be.
 */
export function forgedTile(input: Uint8Array): Uint8Array {
  const { tile } = parseDocument(inputSchema, new TextDecoder().decode(input), "the input of the task");
  const { width, height } = tile;
  const header = toUtf8Bytes(`P6\n${width} ${height}\n255\n`);
  const picture = new Uint8Array(header.length + 3 * width * height);
  picture.set(header);
  for (let row = 0; row < height; row++) {
    const light = Math.floor((160 * (row + 1)) / height);
    const line = header.length + 3 * width * row;
    for (let at = 0; at < width; at++) picture.set([light, light + 40, light + 90], line + 3 * at);
  }
  return picture;
}
