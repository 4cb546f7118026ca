import { concat, getAddress, Interface, type ParamType, toBeHex, toUtf8Bytes } from "ethers";
import { errorsAbi } from "../../typechain-types/abi/errors.js";
import type { RevertName } from "../../src/protocol/reverts.js";

/** A custom error of the suite with made-up arguments. */
export interface Sample {
  name: RevertName;
  /** E.g. `Barred(bytes32,uint32)`. */
  signature: string;
  args: Record<string, unknown>;
  /** What a contract reverts with. */
  data: string;
}

/** Every custom error of the suite, with arguments that follow from their names alone. */
export function samples({ flag = true } = {}): Sample[] {
  const errors = new Interface(errorsAbi);
  const found: Sample[] = [];
  errors.forEachError((fragment) => {
    const args = Object.fromEntries(fragment.inputs.map((input) => [input.name, valueOf(input, flag)]));
    const data = errors.encodeErrorResult(fragment, Object.values(args));
    found.push({ name: fragment.name as RevertName, signature: fragment.format("sighash"), args, data });
  });
  return found;
}

function valueOf({ name, type }: ParamType, flag: boolean): unknown {
  const seed = toUtf8Bytes(name).reduce((sum, byte) => (sum * 31 + byte) % 9973, 7);
  if (type === "bool") return flag;
  if (type === "string") return `text of ${name}`;
  if (type === "address") return getAddress(toBeHex(seed, 20));
  const width = /^bytes(\d+)$/.exec(type)?.[1];
  if (width !== undefined) return concat([toBeHex(seed, Number(width) - 1), "0x01"]);
  if (name === "state") return 4n;
  if (name === "verification") return 1n;
  if (type === "uint8") return 5n;
  return BigInt(100 + seed);
}
