import { count, plain } from "../../report/format.js";
import type { BenchmarkResult } from "../result.js";
import { figure } from "./format.js";

const GIBIBYTE = 2 ** 30;

/** Where it ran, in one sentence. */
export function machineSentence({ machine, network }: BenchmarkResult): string {
  const { cpu, cores, memory, system, node, gpu } = machine;
  const { chainId, blockTime, gasPrice, coin, coinPrice } = network;
  const rhythm =
    blockTime === 0
      ? "a block for every transaction"
      : `a block every ${figure(blockTime)} ${blockTime === 1 ? "second" : "seconds"}`;
  const price = coinPrice === undefined ? "no price of the coin was given" : `1 ${plain(coin)} taken as $${coinPrice}`;
  const accelerator = gpu === "none" ? "no accelerator" : `accelerator ${plain(gpu)}`;
  return (
    `${plain(cpu)}, ${count(cores, "core")}, ${figure(memory / GIBIBYTE)} GiB, ${accelerator}, ${plain(system)}, ` +
    `Node.js ${plain(node)}; chain ${chainId}, ${rhythm}, gas at ${figure(Number(gasPrice) / 1e9)} gwei, ${price}.`
  );
}

/** How the figures are to be read. */
export const READING: readonly string[] = [
  "Measured: by this run, on the machine above. Listed: what others publish, as of the day at the price; nobody has run anything there. Computed: arithmetic with these.",
  "Only an offer of the device that was measured has a cost. For all others it says what they would have to do to cost as much as the market, which is no measurement of them.",
  "A quantile stands where there are samples enough for it to say something: p50 from 10, p90 from 20, p99 from 100. Direct and market are medians of the tasks, throughput and rates of the repetitions.",
  "A provider's payment counts the wear of its hardware over its life at the given share of work, the energy while it works, and its gas; not its room, people or network. It takes the hardware to be as fast as the machine that was measured, with all of its processors at work.",
];
