import type { DisputeOutcome } from "../protocol/dispute.js";
import type { PriceParameters } from "../protocol/parameters.js";

/** What a run of the market did. Amounts in wei, moments in unix milliseconds, durations in milliseconds. */
export interface Summary {
  readonly format: "opengpu-run/1";
  /** Name of the run and of its folder. */
  readonly run: string;
  readonly startedAt: number;
  /** From the first order to the last payment. */
  readonly duration: number;
  readonly chain: ChainSummary;
  readonly workloads: readonly WorkloadSummary[];
  /** The picture that the frame became; missing if no frame was ordered or a tile is missing. */
  readonly picture?: PictureSummary;
  /** How the images of digits were recognised; missing if none were ordered. */
  readonly digits?: DigitsSummary;
  readonly tasks: readonly TaskSummary[];
  readonly providers: readonly ProviderSummary[];
  /** Deliveries that clients disputed, those that ended first first. */
  readonly disputes: readonly DisputeSummary[];
  readonly escrow: Books;
  readonly balances: readonly BalanceSample[];
  /** About one a second from the first order to the last payment. */
  readonly markets: readonly MarketSample[];
  readonly gas: readonly GasSummary[];
  /** From the sending of an order until its client sees a sealed result. */
  readonly delivery: Quantiles;
  /** From the sending of an order until its client has paid. */
  readonly payment: Quantiles;
  /** Share of tasks on which two attempts or more were at work at the same time, 0 to 1. */
  readonly overlap: number;
  /** What happened although nobody wanted it, and was made up for, e.g. a provider that ended by itself. */
  readonly incidents: readonly string[];
  /** What went wrong, in sentences; empty if every task was paid and the books balance. */
  readonly problems: readonly string[];
}

export interface ChainSummary {
  readonly id: number;
  /** Seconds between blocks; 0: a block for every transaction; missing where others make the blocks. */
  readonly blockTime?: number;
  readonly taskManager: string;
  /** Name of the coin. */
  readonly coin: string;
  /** What moves the prices of the sources, as it was when the run was over. */
  readonly pricing: PriceParameters;
}

export interface WorkloadSummary {
  readonly name: WorkloadName;
  /** Number of the source. */
  readonly source: number;
  readonly manifestDigest: string;
  readonly floorPrice: bigint;
  readonly tasks: number;
  /** Tasks that were paid. */
  readonly paid: number;
  /** What the paid ones cleared at; missing if there are none. */
  readonly clearing?: Clearing;
  /** Where the price of the source began and ended; missing if nobody saw it. */
  readonly market?: Course;
  /** What the caps of the paid ones add up to, less what was paid, wei. */
  readonly saved: bigint;
  /** The same as a share of these caps, 0 to 1; 0 if none was paid. */
  readonly savedShare: number;
}

/** Prices at which tasks were sold. Wei. */
export interface Clearing {
  /** Rounded down. */
  readonly average: bigint;
  readonly least: bigint;
  readonly most: bigint;
}

/** A market price from the first sample to the last. Wei. */
export interface Course {
  readonly start: bigint;
  readonly end: bigint;
  /** Highest of all samples. */
  readonly most: bigint;
}

export type WorkloadName = "render" | "digits";

export interface PictureSummary {
  /** Name of the file in the folder of the run. */
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly tiles: number;
}

export interface DigitsSummary {
  readonly images: number;
  readonly correct: number;
  /** 0 to 1. */
  readonly accuracy: number;
}

export interface TaskSummary {
  readonly taskId: string;
  readonly workload: WorkloadName;
  /** Which tile or batch it is, from 0. */
  readonly part: number;
  readonly client: string;
  readonly state: string;
  /** Most that it would have paid. */
  readonly cap: bigint;
  /** What it would have paid when it was submitted: the market price of that moment, or its cap. */
  readonly startPrice: bigint;
  /** What it cleared at, if it was sold. */
  readonly price?: bigint;
  /** Name of the provider that was paid, of a round the first of them. */
  readonly winner?: string;
  /** How many executions were paid, each that price; missing: one, because one provider was enough. */
  readonly executions?: number;
  readonly submittedAt: number;
  readonly deliveredAt?: number;
  readonly paidAt?: number;
  /** How many providers worked on it. */
  readonly attempts: number;
  readonly overlapped: boolean;
}

/** Why a delivery did not stand: its result is another one, most of the panel could not read it, or its provider did not open it. */
export type DisputeReason = "wrong" | "unavailable" | "unopened";

/** A dispute that has ended, and what it cost whom. Amounts in wei. */
export interface DisputeSummary {
  readonly taskId: string;
  readonly workload: WorkloadName;
  readonly part: number;
  /** Name of the client that disputed. */
  readonly client: string;
  /** Name of the provider whose delivery was disputed. */
  readonly provider: string;
  readonly outcome: DisputeOutcome;
  /** Missing if the provider was not proven wrong. */
  readonly reason?: DisputeReason;
  /** Seats of the panel that were taken. */
  readonly seats: number;
  /** What the provider lost of its stake. */
  readonly slashed: bigint;
  /** What the client paid for the result, of the panel or of the provider; 0 if it got its money back. */
  readonly price: bigint;
  /** What it paid to the panel beside. */
  readonly cost: bigint;
  /** What the panel was paid in all, by the client and out of the bond. */
  readonly awarded: bigint;
}

export interface ProviderSummary {
  readonly name: string;
  /** Number of the provider. */
  readonly id: number;
  readonly owner: string;
  readonly stake: bigint;
  /** Executions at a time. */
  readonly parallel: number;
  /** Unix niceness of its executions. */
  readonly niceness: number;
  /** Attempts at a task. */
  readonly attempts: number;
  readonly won: number;
  /** Attempts that another provider was faster at. */
  readonly lost: number;
  /** For tasks and for seats in panels. */
  readonly earned: bigint;
  /** What of it was for seats in panels of disputes. */
  readonly awarded: bigint;
  /** How it misbehaved, if it did. */
  readonly behaviour?: string;
  /** Seats in rounds and panels that it lost. */
  readonly seatsLost: number;
  /** Deliveries that were disputed and did not stand. */
  readonly disputesLost: number;
  /** What both cost of its stake, and how often it was proven wrong or silent. */
  readonly slashed: bigint;
  readonly frauds: number;
  /** Coin spent on gas. */
  readonly gasCost: bigint;
  /** Score of its reputation; it adds up over clients and epochs. */
  readonly score: number;
}

/** All coin of Escrow, and whose it is. */
export interface Books {
  readonly clients: bigint;
  readonly providers: bigint;
  readonly publisher: bigint;
  readonly treasury: bigint;
  readonly stakes: bigint;
  /** Fees that nobody has collected yet. */
  readonly others: bigint;
  /** What belongs to accounts that have no part in the run; 0 on a chain of its own. */
  readonly strangers: bigint;
  /** Coin that the contract holds on chain. */
  readonly coin: bigint;
  /**
   * Whether everybody has, to the wei, what the sales say, and on a chain of its own all accounts add up to the coin.
   */
  readonly balanced: boolean;
  /** What the clients paid in all for the tasks: to their providers, or where that was overturned to the panel. */
  readonly paid: bigint;
  /** What of it reached the providers, the publisher and the protocol. */
  readonly payments: bigint;
  readonly royalties: bigint;
  readonly fees: bigint;
  /** What the caps add up to. */
  readonly caps: bigint;
  /** What clients paid to panels of disputes beside. */
  readonly panels: bigint;
  /** What panels were paid out of the bonds of providers that were wrong. */
  readonly fromBonds: bigint;
  /** What providers lost of their stake in all; what panels were not paid of it went to the protocol. */
  readonly slashed: bigint;
}

/** Balances in Escrow at one moment. */
export interface BalanceSample {
  readonly at: number;
  /** What the clients can spend. */
  readonly free: bigint;
  /** What is held for open tasks. */
  readonly held: bigint;
  /** Earnings by the name of the provider. */
  readonly earned: Readonly<Record<string, bigint>>;
}

/** The markets of the sources at one moment, all of the same block. */
export interface MarketSample {
  readonly at: number;
  /** By the workload of the source; those that were published. */
  readonly sources: Readonly<Partial<Record<WorkloadName, MarketState>>>;
}

/** The market of one source. */
export interface MarketState {
  /** What an order begins at, unless its cap is lower. */
  readonly price: bigint;
  /** Share of the slots that the open tasks would fill, 0 to 1. */
  readonly utilisation: number;
  /** Tasks that nobody has delivered and whose caps reached the market price. */
  readonly openTasks: number;
  /** Slots of the providers in the pool. */
  readonly capacity: number;
}

/** What one kind of transaction cost. */
export interface GasSummary {
  /** E.g. `taskManager.deliver`. */
  readonly operation: string;
  readonly count: number;
  /** Transactions of it that were refused when they were mined. */
  readonly reverted: number;
  /** Of those that were not refused. */
  readonly least: bigint;
  readonly median: bigint;
  readonly most: bigint;
}

/** Quantiles of durations, as far as there are samples enough for them to say something. */
export interface Quantiles {
  readonly samples: number;
  /** From 10 samples on. */
  readonly p50?: number;
  /** From 20 samples on. */
  readonly p90?: number;
  /** From 100 samples on. */
  readonly p99?: number;
  readonly most?: number;
}
