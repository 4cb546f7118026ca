import { dataLength, dataSlice, getBytes, keccak256 } from "ethers";
import { LIBRARY_NAMES } from "../deployment.js";
import { DeploymentMismatchError } from "../errors.js";

const PUSH1 = 0x60;
const PUSH3 = 0x62;
const PUSH32 = 0x7f;

/** The instructions of code, each with its place and the constant that it pushes. */
export function* instructionsOf(code: Uint8Array): Generator<{ at: number; opcode: number; constant: Uint8Array }> {
  for (let at = 0; at < code.length; at++) {
    const opcode = code[at] ?? 0;
    const size = opcode >= PUSH1 && opcode <= PUSH32 ? opcode - PUSH1 + 1 : 0;
    yield { at, opcode, constant: code.subarray(at + 1, at + 1 + size) };
    at += size;
  }
}

/**
 * The code that a constructor returns, before it fills in what is immutable. It is the end of the creation code, and the
 * constructor copies it from there, so that its place and its length are among the constructor's constants.
 *
 * @param creationCode Hexadecimal, without constructor arguments.
 */
export function runtimeOf(creationCode: string): string {
  const code = getBytes(creationCode);
  const constants = new Set<number>();
  for (const { at, opcode, constant } of instructionsOf(code)) {
    for (const start of constants) {
      if (start > 0 && start <= at && constants.has(code.length - start)) return dataSlice(creationCode, start);
    }
    if (opcode >= PUSH1 && opcode <= PUSH3) constants.add(constant.reduce((number, byte) => number * 256 + byte, 0));
  }
  return "0x";
}

/** Places of the 32-byte words that a constructor fills in, in bytes. */
function blanksIn(runtime: Uint8Array): number[] {
  return [...instructionsOf(runtime)]
    .filter(
      ({ opcode, constant }) => opcode === PUSH32 && constant.length === 32 && constant.every((byte) => byte === 0),
    )
    .map(({ at }) => at + 1);
}

/**
 * Checks that code on a chain is what a constructor of this build returns: equal but for what is immutable, whose values
 * it cannot know. In a library the only such value is its own address.
 *
 * @param contract Name and address, for errors.
 * @param code Code on the chain, hexadecimal.
 * @param creationCode Creation code of the build, libraries linked, hexadecimal.
 * @returns keccak256 of the code.
 * @throws {DeploymentMismatchError}
 */
export function checkCode(
  { name, address }: { name: string; address: string },
  code: string,
  creationCode: string,
): string {
  const differs = (problem: string) => new DeploymentMismatchError(name, address, problem);
  if (code === "0x") throw differs("there is no contract at that address");
  const runtime = runtimeOf(creationCode);
  if (dataLength(code) !== dataLength(runtime)) {
    throw differs(`its code has ${dataLength(code)} bytes, that of this build ${dataLength(runtime)}`);
  }
  const [expected, found] = [getBytes(runtime), getBytes(code)];
  const isLibrary = (LIBRARY_NAMES as readonly string[]).includes(name);
  for (const at of blanksIn(expected)) {
    // Constructors write addresses and numbers there, which this build does not contain.
    expected.set(isLibrary ? getBytes(`0x${address.slice(2).padStart(64, "0")}`) : found.subarray(at, at + 32), at);
  }
  const at = expected.findIndex((byte, index) => byte !== found[index]);
  if (at !== -1) throw differs(`its code is not that of this build from byte ${at} on`);
  return keccak256(code);
}
