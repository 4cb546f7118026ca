/** What the scripts around deployments have in common: options, and one sentence for every failure. */
import { createInterface } from "node:readline/promises";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { OpenGpuError } from "../../src/protocol/errors.js";
import { firstLine } from "../../src/protocol/retry.js";

/** A failure that a script finds itself, told in one sentence. */
export class ScriptError extends OpenGpuError {
  override readonly name = "ScriptError";
}

/** The command line asks for something that there is not. */
export class UsageError extends ScriptError {}

/** A command whose failures are thrown instead of ending the process. */
export function createCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
}

/** Reads an option that is a whole number in a range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/**
 * Asks a person before coin is spent.
 *
 * @param what What would be done, as a question without its mark.
 * @throws {UsageError} if nobody can be asked.
 * @throws {ScriptError} if the answer is no.
 */
export async function askFirst(what: string): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError(`${what}? Add --yes to do it without being asked.`);
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question(`\n${what}? [y/N] `);
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new ScriptError("Nothing was sent.");
}

/** Runs a script; a failure is one sentence on standard error and the exit status 1, or 2 if the command line is wrong. */
export async function main(run: () => Promise<void>): Promise<void> {
  process.env["HARDHAT_DISABLE_TELEMETRY"] = "true";
  try {
    await run();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    console.error(sentenceOf(error));
    process.exitCode = error instanceof CommanderError || error instanceof UsageError ? 2 : 1;
  }
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = firstLine(error.message).replace(/^error: /, "");
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
