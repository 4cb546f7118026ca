/** What a person can choose of a simulation of the consensus. */
import { DEFAULT_SCENARIO, roundsOf, TRUSTS } from "../../src/market/consensus/sweep.js";
import { MAX_SEATS } from "../../src/protocol/consensus.js";
import { createCommand, wholeNumber } from "../deployment/command.js";

export interface ConsensusChoices {
  seed: number;
  draws: number;
  members: number;
  out?: string;
  json?: boolean;
}

const { seed, draws, members } = DEFAULT_SCENARIO;
/** Half of them honest, so many fill every seat. */
const FEWEST_MEMBERS = 2 * MAX_SEATS;
const millions = (roundsOf(DEFAULT_SCENARIO) / 1e6).toFixed(1);

export const consensusCommand = createCommand(
  "simulate:consensus",
  `Rounds of Quorum tasks with liars among the providers, ${TRUSTS.length} trusts, ${millions} million rounds if nothing else is asked for.`,
)
  .option("--seed <number>", "of all that is drawn", wholeNumber(0, 2 ** 31), seed)
  .option("--draws <number>", "rounds for each combination", wholeNumber(10, 1_000_000), draws)
  .option("--members <number>", "providers in the pool, a slot each", wholeNumber(FEWEST_MEMBERS, 10_000), members)
  .option("--out <folder>", "where figures, page and plots go; a new folder in consensus/ if left out")
  .option("--json", "print the figures only");
