/** What happened in an episode. Money in coins, times in seconds since its beginning. */
export interface Trace {
  /** One a block. */
  readonly samples: readonly Sample[];
  /** Real tasks that were ordered in the regime, in order. */
  readonly tasks: readonly TaskRecord[];
  readonly providers: readonly ProviderRecord[];
  readonly manipulator: ManipulatorRecord;
}

/** The market after a block. */
export interface Sample {
  readonly time: number;
  readonly price: number;
  /** Orders that count as demand and wait for a delivery. */
  readonly open: number;
  readonly capacity: number;
  /** Slots at work. */
  readonly busy: number;
  readonly members: number;
  /** Budgets of the tasks delivered so far. */
  readonly value: number;
  /** Costs of the providers so far. */
  readonly cost: number;
}

export interface TaskRecord {
  readonly budget: number;
  readonly patience: number;
  readonly orderedAt: number;
  takenAt?: number;
  deliveredAt?: number;
  /** What the client paid. */
  price?: number;
}

/** How a provider came out of the regime. */
export interface ProviderRecord {
  readonly id: number;
  readonly slots: number;
  /** Price at which it covers its cost at the target utilisation. */
  readonly breakEven: number;
  readonly earned: number;
  readonly cost: number;
  readonly tasks: number;
}

/** How the provider with a fifth of the capacity came out of the regime, honest or not. */
export interface ManipulatorRecord {
  readonly slots: number;
  readonly earned: number;
  readonly cost: number;
  /** For orders of its own: prices and fees. */
  readonly paid: number;
}
