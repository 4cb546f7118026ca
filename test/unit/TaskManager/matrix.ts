import { expect } from "chai";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { type Observation, observe, owed } from "../../helpers/observe.js";
import { type Kind, RESERVATION, RIVAL, STATES, type Subject, subjectOf, TaskState } from "../../helpers/states.js";
import { BOND, CAP, deployMarket, STAKE_PER_SLOT, WINDOWS } from "../../helpers/suite.js";

/**
 * What every action does in every state: the state it leads to, or the error that refuses it, `-` being WrongState.
 * Where a clock runs, the action comes in its last second, or, where the row says so, in the second after.
 * `rival` and `rivalReserve` are a delivery and a reservation by a provider that had nothing to do with the task. The
 * tasks of the last table ask for a reservation.
 */
const TABLE = `
Review           submit signed revoke  reserve rivalReserve deliver   rival     deliverAndDisclose disclose  accept  settle  reopen cancel refund   prove proveSigned proveBatch
None             Open   Open   Revoked -       -            -         -         -                  -         -       -       -      -      -        -     kind        kind
Revoked          -      -      -       -       -            -         -         -                  -         -       -       -      -      -        -     -           -
Open             -      -      -       unasked unasked      Delivered Delivered -                  -         -       -       -      Open   early    kind  -           -
Expired          -      -      -       late    late         late      late      -                  -         -       -       -      late   Refunded kind  -           -
Cancelled        -      -      -       unasked unasked      Delivered Delivered -                  -         -       -       -      twice  early    kind  -           -
CancelledExpired -      -      -       late    late         late      late      -                  -         -       -       -      twice  Refunded kind  -           -
Lapsed           -      -      -       barred  unasked      barred    Delivered -                  -         -       -       -      Open   early    kind  -           -
Delivered        -      -      -       -       -            -         -         -                  Disclosed Settled -       early  -      -        -     -           -
DeliveredOver    -      -      -       -       -            -         -         -                  closed    Settled -       Open   -      -        -     -           -
Disclosed        -      -      -       -       -            -         -         -                  -         Settled early   -      -      -        -     -           -
DisclosedOver    -      -      -       -       -            -         -         -                  -         Settled Settled -      -      -        -     -           -
Accepted         -      -      -       -       -            -         -         -                  -         -       -       -      -      -        -     -           -
Settled          -      -      -       -       -            -         -         -                  -         -       -       -      -      -        -     -           -
Refunded         -      -      -       -       -            -         -         -                  -         -       -       -      -      -        -     -           -

Proof            submit signed revoke  reserve rivalReserve deliver rival deliverAndDisclose disclose accept settle reopen cancel refund   prove   proveSigned proveBatch
None             Open   Open   Revoked -       -            -       -     -                  -        -      -      -      -      -        -       Settled     Settled
Revoked          -      -      -       -       -            -       -     -                  -        -      -      -      -      -        -       -           -
Open             -      -      -       kind    kind         kind    kind  -                  -        -      -      -      Open   early    Settled -           -
Expired          -      -      -       kind    kind         kind    kind  -                  -        -      -      -      late   Refunded late    -           -
Cancelled        -      -      -       kind    kind         kind    kind  -                  -        -      -      -      twice  early    Settled -           -
CancelledExpired -      -      -       kind    kind         kind    kind  -                  -        -      -      -      twice  Refunded late    -           -
Proven           -      -      -       -       -            -       -     -                  -        -      -      -      -      -        -       -           -
ProvenSigned     -      -      -       -       -            -       -     -                  -        -      -      -      -      -        -       -           -
Refunded         -      -      -       -       -            -       -     -                  -        -      -      -      -      -        -       -           -

Reserved              submit signed revoke  reserve  rivalReserve deliver    rival      deliverAndDisclose disclose  accept  settle  reopen cancel   refund   prove proveSigned proveBatch
None                  Open   Open   Revoked -        -            -          -          -                  -         -       -       -      -        -        -     kind        kind
Revoked               -      -      -       -        -            -          -          -                  -         -       -       -      -        -        -     -           -
Open                  -      -      -       Reserved Reserved     unreserved unreserved -                  -         -       -       -      Open     early    kind  -           -
OpenTooLate           -      -      -       past     past         unreserved unreserved -                  -         -       -       -      Open     early    kind  -           -
Expired               -      -      -       late     late         late       late       -                  -         -       -       -      late     Refunded kind  -           -
Cancelled             -      -      -       past     past         unreserved unreserved -                  -         -       -       -      twice    early    kind  -           -
CancelledExpired      -      -      -       late     late         late       late       -                  -         -       -       -      twice    Refunded kind  -           -
Reserved              -      -      -       -        -            Delivered  held       Disclosed          -         -       -       early  Reserved -        -     -           -
ReservedOver          -      -      -       -        -            lapsed     held       lapsed             -         -       -       Open   Reserved -        -     -           -
ReservedCancelled     -      -      -       -        -            Delivered  held       Disclosed          -         -       -       early  twice    -        -     -           -
ReservedCancelledOver -      -      -       -        -            lapsed     held       lapsed             -         -       -       Open   twice    -        -     -           -
Lapsed                -      -      -       barred   Reserved     barred     unreserved -                  -         -       -       -      Open     early    kind  -           -
LapsedCancelled       -      -      -       late     late         late       late       -                  -         -       -       -      twice    Refunded kind  -           -
Delivered             -      -      -       -        -            -          -          -                  Disclosed Settled -       early  -        -        -     -           -
DeliveredOver         -      -      -       -        -            -          -          -                  closed    Settled -       Open   -        -        -     -           -
DeliveredCancelled    -      -      -       -        -            -          -          -                  Disclosed Settled -       early  -        -        -     -           -
LapsedDelivered       -      -      -       barred   Reserved     barred     unreserved -                  -         -       -       -      Open     early    kind  -           -
Disclosed             -      -      -       -        -            -          -          -                  -         Settled early   -      -        -        -     -           -
DisclosedOver         -      -      -       -        -            -          -          -                  -         Settled Settled -      -        -        -     -           -
DisclosedAtOnce       -      -      -       -        -            -          -          -                  -         Settled early   -      -        -        -     -           -
DisclosedAtOnceOver   -      -      -       -        -            -          -          -                  -         Settled Settled -      -        -        -     -           -
Accepted              -      -      -       -        -            -          -          -                  -         -       -       -      -        -        -     -           -
Settled               -      -      -       -        -            -          -          -                  -         -       -       -      -        -        -     -           -
Refunded              -      -      -       -        -            -          -          -                  -         -       -       -      -        -        -     -           -
`;

// Enough for every action. Without an estimate, a refused transaction is mined like any other.
const options = { gasLimit: 2_000_000 };

const ACTIONS: Record<string, (subject: Subject) => Promise<unknown>> = {
  submit: ({ market, packed }) => market.taskManager.connect(market.client).submit(packed, options),
  signed: ({ market, packed, signature }) =>
    market.taskManager.connect(market.stranger).submitSigned(packed, signature, options),
  revoke: ({ market, packed }) => market.taskManager.connect(market.client).revoke(packed, options),
  reserve: ({ market, packed }) => market.taskManager.connect(market.agent).reserve(packed, market.provider, options),
  rivalReserve: ({ market, packed, rival }) => market.taskManager.connect(rival).reserve(packed, RIVAL, options),
  deliver: ({ market, packed, seal }) =>
    market.taskManager.connect(market.agent).deliver(packed, market.provider, seal, options),
  rival: ({ market, packed, rival, rivalSeal }) =>
    market.taskManager.connect(rival).deliver(packed, RIVAL, rivalSeal, options),
  deliverAndDisclose: ({ market, packed, commitment, envelope }) =>
    market.taskManager.connect(market.agent).deliverAndDisclose(packed, market.provider, commitment, envelope, options),
  disclose: ({ market, packed, commitment, envelope }) =>
    market.taskManager.connect(market.stranger).disclose(packed, commitment, envelope, options),
  accept: ({ market, packed }) => market.taskManager.connect(market.client).accept(packed, options),
  settle: ({ market, packed }) => market.taskManager.connect(market.stranger).settle(packed, options),
  reopen: ({ market, packed }) => market.taskManager.connect(market.stranger).reopen(packed, options),
  cancel: ({ market, packed }) => market.taskManager.connect(market.client).cancel(packed, options),
  refund: ({ market, packed }) => market.taskManager.connect(market.stranger).refund(packed, options),
  prove: ({ market, packed, resultDigest, envelopeHash, proof }) =>
    market.taskManager.connect(market.agent).prove(packed, market.provider, resultDigest, envelopeHash, proof, options),
  proveSigned: ({ market, signedProof }) =>
    market.taskManager.connect(market.agent).proveSigned(market.provider, signedProof, options),
  proveBatch: ({ market, signedProof }) =>
    market.taskManager.connect(market.agent).proveBatch(market.provider, [signedProof], options),
};

/** Error of a cell with its arguments, for an action at `at` on a task in its present state. */
async function refusal(cell: string, { market, taskId, order }: Subject, at: number): Promise<[string, unknown[]]> {
  const { state, deadline, clearedAt, markedAt } = await market.taskManager.getTask(taskId);
  const reserved = clearedAt + BigInt(order.reservation);
  // A reserved task was sealed later than its price was fixed.
  const undisclosed = (order.reservation === 0 ? clearedAt : markedAt) + BigInt(WINDOWS.disclose);
  const reviewed = markedAt + BigInt(order.reviewPeriod);
  const ends: Partial<Record<string, bigint>> = {
    [`${TaskState.Open}`]: deadline,
    [`${TaskState.Reserved}`]: reserved,
    [`${TaskState.Delivered}`]: undisclosed,
  };
  switch (cell) {
    case "-":
      return ["WrongState", [taskId, state]];
    case "kind":
      return ["WrongVerification", [taskId, order.verification]];
    case "late":
      return ["DeadlinePassed", [deadline, at]];
    case "early":
      return ["TooEarly", [taskId, ends[`${state}`] ?? reviewed, at]];
    case "closed":
      return ["DisclosureTooLate", [taskId, undisclosed, at]];
    case "twice":
      return ["AlreadyCancelled", [taskId]];
    case "barred":
      return ["Barred", [taskId, market.provider]];
    case "unasked":
      return ["NotReservable", [taskId]];
    case "unreserved":
      return ["NotReserved", [taskId]];
    case "past":
      return ["ReservationPastDeadline", [at + RESERVATION, deadline]];
    case "held":
      return ["NotHolder", [taskId, RIVAL]];
    case "lapsed":
      return ["ReservationLapsed", [taskId, reserved, at]];
    default:
      throw new Error(`unknown cell ${cell}`);
  }
}

describe("TaskManager: every action in every state", () => {
  const blocks = TABLE.trim()
    .split("\n\n")
    .map((block) => block.split("\n").map((line) => line.trim().split(/\s+/)));
  it("has a table for every kind of task", () => {
    expect(blocks.map(([heading]) => heading?.[0])).to.have.members(Object.keys(STATES));
  });

  for (const [[label, ...actions] = [], ...rows] of blocks) {
    const kind = label as Kind;
    const routes = new Map(Object.entries(STATES[kind]));

    it(`has a row for every state of a ${kind} task and a column for every action`, () => {
      expect(rows.map(([name]) => name)).to.have.members([...routes.keys()]);
      expect(actions).to.deep.equal(Object.keys(ACTIONS));
    });

    for (const [name = "", ...cells] of rows) {
      describe(`when a ${kind} task is ${name}`, () => {
        let subject: Subject;
        let at: number;
        let accounts: Record<string, string>;
        let baseline: Observation;
        let total: bigint;
        let state: Awaited<ReturnType<typeof networkHelpers.takeSnapshot>>;

        before(async () => {
          const market = await loadFixture(deployMarket);
          subject = await subjectOf(market, kind);
          at = (await routes.get(name)?.(subject)) ?? 0;
          const { client, publisher, treasury, providerOwner, agent, stranger, taskManager, providerPool } = market;
          accounts = {
            ...{ client: client.address, publisher: publisher.address, treasury: treasury.address },
            ...{ owner: providerOwner.address, agent: agent.address, stranger: stranger.address },
            ...{ rival: subject.rival.address, taskManager: await taskManager.getAddress() },
            providerPool: await providerPool.getAddress(),
          };
          await time.setNextBlockTimestamp(at);
          baseline = await look("pending");
          total = await owed(market, accounts);
          state = await networkHelpers.takeSnapshot();
        });

        beforeEach(async () => {
          await state.restore();
          await time.setNextBlockTimestamp(at);
        });

        const look = (tag: "latest" | "pending"): Promise<Observation> => {
          const scope = { taskIds: [subject.taskId], accounts, providers: [subject.market.provider, RIVAL] };
          return observe(subject.market, scope, tag);
        };

        actions.forEach((action, column) => {
          const cell = cells[column] ?? "";
          const leadsTo = Object.entries(TaskState).find(([label]) => label === cell)?.[1];

          it(leadsTo === undefined ? `refuses ${action}: ${cell}` : `${action} leads to ${cell}`, async () => {
            const { market, taskId, order } = subject;
            const { taskManager, escrow, providerPool } = market;
            const call = ACTIONS[action];
            if (call === undefined) throw new Error(`unknown action ${action}`);
            if (leadsTo === undefined) {
              const [error, values] = await refusal(cell, subject, at);
              await expect(call(subject))
                .to.be.revertedWithCustomError(taskManager, error)
                .withArgs(...values);
              expect(await time.latest()).to.equal(at);
              expect(await look("latest")).to.deep.equal(baseline);
              return;
            }

            await call(subject);
            const task = await taskManager.getTask(taskId);
            expect(task.state).to.equal(leadsTo);
            expect(task.cancelled).to.equal(action === "cancel" || name.includes("Cancelled"));
            const reserved = leadsTo === TaskState.Reserved;
            const held = reserved || leadsTo === TaskState.Delivered || leadsTo === TaskState.Disclosed;
            const holder = action.startsWith("rival") ? RIVAL : market.provider;
            expect(task.provider).to.equal(held || leadsTo === TaskState.Settled ? holder : 0n);
            const running = held || leadsTo === TaskState.Open;
            expect((await escrow.accountOf(order.client)).held).to.equal(running ? CAP : 0n);
            for (const provider of [market.provider, RIVAL]) {
              const bond = held && provider === holder ? BOND : 0n;
              expect((await providerPool.getProvider(provider)).locked).to.equal(2n * STAKE_PER_SLOT + bond);
              const membership = await providerPool.getMembership(provider, order.source);
              expect(membership.reserved).to.equal(reserved && provider === holder ? 1n : 0n);
            }
            const { openTasks } = await providerPool.getMarket(order.source);
            expect(openTasks).to.equal(reserved || leadsTo === TaskState.Open ? 1n : 0n);
            expect(await owed(market, accounts)).to.equal(total);
          });
        });
      });
    }
  }
});
