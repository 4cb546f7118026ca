import { expect } from "chai";
import {
  createOpenGate,
  createSortition,
  createWideGate,
  entryAt,
  TICKETS,
} from "../../../../src/market/consensus/gate.js";
import { concentrated, MIXES, poolOf } from "../../../../src/market/consensus/pools.js";
import { collude, createRound, type Draw, drawFrom, type Member } from "../../../../src/market/consensus/round.js";
import { createClosing, RIGHT, verdictOf } from "../../../../src/market/consensus/verdict.js";
import { randomOf } from "../../../../src/market/simulation/random.js";
import { closesRound, entryOf, judgeRound, LATE, seatsOf, ticketsAt } from "../../../../src/protocol/consensus.js";
import { Random, SEED } from "../../../helpers/seeded.js";

const random = new Random(`${SEED} rounds`);
/** Bits that tickets have in the contracts only. */
const REST = 75n;
const TRUSTS = [2, 3, 8, 100, 1_024, 16_384] as const;
const oneOf = <T>(items: readonly T[]): T => items[random.whole(0, items.length - 1)] as T;

/** Members of every kind. */
function drawMembers(): Member[] {
  return Array.from({ length: random.whole(1, 60) }, (_, identity) => ({
    identity,
    slots: random.whole(1, 5),
    weight: oneOf([2, 2, 2, 3, 7, 16, 31, 32]),
    hostile: random.whole(0, 2) === 0,
  }));
}

const capacityOf = (members: readonly Member[]) => members.reduce((sum, { slots }) => sum + slots, 0);

describe(`market.consensus gates, seed ${SEED}`, () => {
  it("let tickets in in the second in which the contracts do", () => {
    for (let round = 0; round < 300; round++) {
      const capacity = random.whole(1, 1_000);
      const slots = random.whole(1, capacity);
      const duration = random.whole(4, 4_000);
      const ticket = random.bits(random.whole(20, 53));
      const bounds = createSortition({ capacity, duration }).boundsOf(slots);
      expect(entryAt(Number(ticket), bounds)).to.equal(entryOf(ticket << REST, { slots, capacity }, duration));
    }
  });

  it("let everybody in at once without a draw", () => {
    expect(entryAt(TICKETS - 1, createOpenGate({ capacity: 50, duration: 100 }).boundsOf(1))).to.equal(0);
  });

  it("let twice the seats in at once where they are wide, the others after half of the window", () => {
    const bounds = createWideGate({ seats: 3, capacity: 60, duration: 100 }).boundsOf(2);
    expect(entryAt(TICKETS / 5 - 1, bounds)).to.equal(0);
    expect(entryAt(TICKETS / 5 + 1, bounds)).to.equal(50);
  });

  it("tell how many have entered", () => {
    const window = { seats: 3, capacity: 60, duration: 64 };
    expect([0, 16, 18, 48].map(createSortition(window).ticketsAt)).to.deep.equal([0.75, 0.75, 1.5, 60]);
    expect([0, 31, 32, 64].map(createWideGate(window).ticketsAt)).to.deep.equal([6, 6, 60, 60]);
    expect([0, 64].map(createOpenGate(window).ticketsAt)).to.deep.equal([60, 60]);
  });
});

describe(`market.consensus verdicts, seed ${SEED}`, () => {
  it("close and judge as the protocol does", () => {
    for (let round = 0; round < 2_000; round++) {
      const trust = oneOf(TRUSTS);
      const closes = createClosing(trust);
      const weights: number[] = [];
      let [product, closed] = [1, false];
      while (!closed) {
        const weight = oneOf([2, 2, 2, 3, 7, 16, 31, 32]);
        weights.push(weight);
        product *= weight;
        closed = closes(weights.length, product, Math.max(...weights));
        expect(closed).to.equal(closesRound(weights, trust));
      }
      const results = weights.map(() => oneOf([RIGHT, RIGHT, RIGHT, "wrong", "odd", undefined]));
      const { winner } = judgeRound(
        weights.map((weight, seat) => ({ weight, result: results[seat] })),
        trust,
      );
      const expected = winner === undefined ? "none" : winner === RIGHT ? "right" : "wrong";
      expect(verdictOf(weights, results, trust), `${weights.join(" ")} for ${trust}`).to.equal(expected);
    }
  });
});

describe(`market.consensus.createRound, seed ${SEED}`, () => {
  it("plays what the protocol's own functions tell, second by second", () => {
    for (let round = 0; round < 300; round++) {
      const members = drawMembers();
      const trust = oneOf(TRUSTS);
      const duration = random.whole(40, 400);
      const compute = random.whole(1, Math.floor(duration / 4));
      const gate = createSortition({ capacity: capacityOf(members), duration });
      const tickets = new Map(members.map((member) => [member, Math.floor(random.real(0, TICKETS))]));
      const draw: Draw = (member) => tickets.get(member) ?? 0;
      const { seats, verdict, sealedAt, vain, copies } = createRound(members, { trust, gate, compute })(draw);
      const expected = played(members, { trust, duration, compute }, draw);
      expect(seats.map(({ identity }) => identity)).to.deep.equal(expected.seats);
      expect({ verdict, sealedAt, vain }).to.deep.equal(expected.outcome);
      expect(copies).to.equal(seats.length + vain);
    }
  });

  const terms = { trust: 8, compute: 20 };
  const gate = createSortition({ capacity: 50, duration: 100 });
  const ticketsFrom = (seed: number) => drawFrom(randomOf(seed, "tickets"));

  it("has the honest ready for their turn, but those that come late, who begin only then", () => {
    const wide = createSortition({ capacity: 1_000, duration: 3_200 });
    const three = poolOf(MIXES[0], 3, 0);
    const play = createRound(three, { trust: 2, gate: wide, compute: 320 });
    const last = (ticket: number) =>
      play(({ identity }) => (identity === 3 ? Math.floor((TICKETS * ticket) / 1_000) : 0));
    // The first two seal when they are done.
    expect(last(0.7)).to.include({ sealedAt: 320, vain: 0 });
    expect(last(1.5 - 1e-6)).to.include({ sealedAt: 900, vain: 0 });
    expect(last(48 - 1e-6)).to.include({ sealedAt: 1_400 + 320, vain: 0 });
    const liars = createRound(three.with(2, { identity: 3, slots: 1, weight: 2, hostile: true }), {
      ...{ trust: 2, gate: wide, compute: 320 },
    });
    expect(liars(({ identity }) => (identity === 3 ? TICKETS * 0.048 - 1 : 0))).to.include({ sealedAt: 1_400 });
  });

  it("counts what was begun for a seat that never came", () => {
    const gate = createSortition({ capacity: 1_000, duration: 3_200 });
    const play = createRound(poolOf(MIXES[0], 5, 0), { trust: 2, gate, compute: 200 });
    // Three seal at 200. The fourth has begun at once in one case, and would at 532 in the other.
    const vainWith = (tickets: readonly number[]) =>
      play(({ identity }) => Math.floor(((tickets[identity - 1] ?? 0) * TICKETS) / 1_000)).vain;
    expect(vainWith([0, 0, 0, 0.7, 900])).to.equal(1);
    expect(vainWith([0, 0, 0, 1, 900])).to.equal(0);
    // Two seal at 200 and one at 899. The fourth begins at 599, at 796, and where it comes late only at its turn.
    expect(vainWith([0, 0, 1.49, 1.5, 900])).to.equal(1);
    expect(vainWith([0, 0, 1.49, 5.9, 900])).to.equal(1);
    expect(vainWith([0, 0, 1.49, 48, 900])).to.equal(0);
  });

  it("is the same for the same tickets, and takes each provider once", () => {
    const play = createRound(poolOf(MIXES[0], 50, 0.2), { ...terms, gate });
    for (let seed = 0; seed < 50; seed++) {
      const round = play(ticketsFrom(seed));
      expect(round).to.deep.equal(play(ticketsFrom(seed)));
      expect(new Set(round.seats).size).to.equal(5);
    }
  });

  it("lets liars win where nobody is drawn, before anybody has begun", () => {
    const play = createRound(poolOf(MIXES[0], 50, 0.2), {
      ...terms,
      gate: createOpenGate({ capacity: 50, duration: 100 }),
    });
    const { seats, verdict, sealedAt, copies } = play(ticketsFrom(1));
    expect(seats.every(({ hostile }) => hostile)).to.be.true;
    expect({ verdict, sealedAt, copies }).to.deep.equal({ verdict: "wrong", sealedAt: 0, copies: 5 });
  });

  it("ends with the window where too few can sit", () => {
    const play = createRound(poolOf(MIXES[0], 4, 0), { ...terms, gate });
    expect(play(ticketsFrom(2))).to.include({ verdict: "right", sealedAt: 100, copies: 4 });
    const alone = createRound(poolOf(MIXES[0], 1, 0), { ...terms, gate });
    expect(alone(ticketsFrom(2))).to.include({ verdict: "none", copies: 1 });
    expect(createRound([], { ...terms, gate })(ticketsFrom(2))).to.include({ verdict: "none", copies: 0 });
  });

  it("asks a policy what each seat opens", () => {
    const members = poolOf(MIXES[0], 50, 0.2);
    const silent = createRound(members, { ...terms, gate, policy: ({ hostile }) => (hostile ? undefined : RIGHT) });
    const alone = createRound(members, { ...terms, gate, policy: (who) => (who.hostile ? `${who.identity}` : RIGHT) });
    const nobody = createRound(members, { ...terms, gate, policy: () => undefined });
    let [lost, survived] = [0, 0];
    for (let seed = 0; seed < 200; seed++) {
      const { seats, verdict } = silent(ticketsFrom(seed));
      const honest = seats.filter((member) => collude(member, 0) === RIGHT).length;
      // 2³ reaches 8.
      expect(verdict).to.equal(honest >= 3 ? "right" : "none");
      if (verdict === "right") survived += 1;
      expect(alone(ticketsFrom(seed)).verdict).to.not.equal("wrong");
      if (honest < seats.length) lost += 1;
      expect(nobody(ticketsFrom(seed)).verdict).to.equal("none");
    }
    expect(lost).to.be.greaterThan(0);
    expect(survived).to.be.greaterThan(0);
  });
});

describe("market.consensus.poolOf", () => {
  const theirs = (members: readonly Member[]) => members.filter(({ hostile }) => hostile);

  it("gives the hostile their share of the slots, as one identity or many", () => {
    const many = poolOf(MIXES[0], 20, 0.1);
    expect(many).to.have.length(20);
    expect(theirs(many).map(({ slots }) => slots)).to.deep.equal([1, 1]);
    const one = poolOf(MIXES[0], 1_000, 0.4, "one");
    expect(theirs(one).map(({ slots }) => slots)).to.deep.equal([400]);
    expect(capacityOf(one)).to.equal(1_000);
    expect(theirs(poolOf(MIXES[0], 20, 0, "one"))).to.deep.equal([]);
    expect(new Set(many.map(({ identity }) => identity)).size).to.equal(20);
  });

  it("gives both sides the weights of the mix, half of the mixed the least", () => {
    const [, mixed, , outsiders] = MIXES;
    const members = poolOf(mixed, 160, 0.5);
    for (const weight of [4, 8, 16, 32]) {
      expect(theirs(members).filter((member) => member.weight === weight)).to.have.length(10);
    }
    expect(theirs(members).filter(({ weight }) => weight === 2)).to.have.length(40);
    expect(poolOf(outsiders, 10, 0.2).map(({ weight }) => weight)).to.deep.equal([...Array<number>(8).fill(32), 2, 2]);
  });
});

describe("market.consensus.concentrated", () => {
  it("leaves the slots of each side as they are", () => {
    for (const owners of [1, 7, 8, 500]) {
      const members = concentrated(poolOf(MIXES[0], 100, 0.2), owners);
      const honest = members.filter(({ hostile }) => !hostile);
      expect(honest).to.have.length(Math.min(80, owners));
      expect(capacityOf(honest)).to.equal(80);
      expect(Math.max(...honest.map(({ slots }) => slots))).to.equal(Math.ceil(80 / owners));
      expect(capacityOf(members)).to.equal(100);
      expect(members.filter(({ hostile }) => hostile)).to.have.length(20);
    }
  });
});

/** The same round without any shortcut. */
function played(
  members: readonly Member[],
  { trust, duration, compute }: { trust: number; duration: number; compute: number },
  ticketOf: Draw,
) {
  const capacity = capacityOf(members);
  const plans = members.map((member) => {
    const ticket = ticketOf(member);
    const entry = entryOf(BigInt(ticket) << REST, { slots: member.slots, capacity }, duration);
    const isLate = ticketsAt(entry, duration, capacity) > LATE * seatsOf(trust);
    const begins = isLate ? entry : Math.max(0, entry - Math.ceil(1.5 * compute + 1));
    const ready = member.hostile ? entry : Math.max(entry, begins + compute);
    return { member, ready, begins, rank: -Math.log1p(-ticket / TICKETS) / member.slots };
  });
  const inOrder = plans.toSorted(
    (a, b) => a.ready - b.ready || Number(b.member.hostile) - Number(a.member.hostile) || a.rank - b.rank,
  );
  let taken = inOrder.findIndex((_, index) => {
    const weights = inOrder.slice(0, index + 1).map(({ member }) => member.weight);
    return closesRound(weights, trust);
  });
  const sealedAt = inOrder[taken]?.ready ?? duration;
  taken = taken === -1 ? inOrder.length : taken + 1;
  const seated = inOrder.slice(0, taken);
  const { winner } = judgeRound(
    seated.map(({ member }) => ({ weight: member.weight, result: member.hostile ? "wrong" : RIGHT })),
    trust,
  );
  const vain = inOrder.slice(taken).filter(({ member, begins }) => !member.hostile && begins < sealedAt).length;
  const verdict = winner === undefined ? "none" : winner === RIGHT ? "right" : "wrong";
  return { seats: seated.map(({ member }) => member.identity), outcome: { verdict, sealedAt, vain } };
}
