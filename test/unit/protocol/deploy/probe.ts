import { expect } from "chai";
import { getBytes } from "ethers";
import { network } from "hardhat";
import { instructionsOf, runtimeOf } from "../../../../src/protocol/deploy/code.js";
import { MissingOpcodesError } from "../../../../src/protocol/deploy/errors.js";
import { placesOf } from "../../../../src/protocol/deploy/places.js";
import { OPCODES, probeChain, REQUIRED_OPCODES } from "../../../../src/protocol/deploy/probe.js";
import { NodeError } from "../../../../src/protocol/errors.js";
import { DEFAULT_PARAMETERS } from "../../../../src/protocol/parameters.js";
import { AcceptFirstVerifier__factory } from "../../../../typechain-types/factories/verifiers/AcceptFirstVerifier__factory.js";
import { AttestationVerifier__factory } from "../../../../typechain-types/factories/verifiers/AttestationVerifier__factory.js";
import { CHAIN, OWNER, providerOf, TREASURY } from "../../../helpers/deployment.js";
import { InterceptedProvider, type Interception, unreachable } from "../../../helpers/node.js";

const QUICK = 300;
const probe = (intercept?: Interception) => probeChain(providerOf(intercept), CHAIN, undefined, QUICK);
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** All that Byzantium knows: arithmetic, comparison, hashing, environment, blocks, stack, logs, calls, ends. */
const BYZANTIUM: [from: number, to: number][] = [
  [0x00, 0x0b],
  [0x10, 0x1a],
  [0x20, 0x20],
  [0x30, 0x3e],
  [0x40, 0x45],
  [0x50, 0x5b],
  [0x60, 0xa4],
  [0xf0, 0xf4],
  [0xfa, 0xfa],
  [0xfd, 0xff],
];

/** Operations in code, but for the compiler's note at its end, whose length its last two bytes tell. */
function operationsIn(creationCode: string): Set<number> {
  const code = getBytes(creationCode);
  const runtime = getBytes(runtimeOf(creationCode));
  const note = (runtime.at(-2) ?? 0) * 256 + (runtime.at(-1) ?? 0) + 2;
  const parts = [code.subarray(0, code.length - runtime.length), runtime.subarray(0, runtime.length - note)];
  return new Set(parts.flatMap((part) => [...instructionsOf(part)].map(({ opcode }) => opcode)));
}

describe("probeChain", () => {
  it("asks for just what the contracts use beyond Byzantium", () => {
    const suite = placesOf({
      deployer: OWNER,
      firstNonce: 0,
      governance: { owner: OWNER, treasury: TREASURY },
      parameters: DEFAULT_PARAMETERS,
    }).map(({ creationCode }) => creationCode);
    const verifiers = [AttestationVerifier__factory.bytecode, AcceptFirstVerifier__factory.bytecode];
    const used = new Set([...suite, ...verifiers].flatMap((code) => [...operationsIn(code)]));
    const newer = [...used].filter((code) => !BYZANTIUM.some(([from, to]) => code >= from && code <= to));
    const required = REQUIRED_OPCODES.map((name): number => OPCODES[name].code);
    expect(newer.sort((a, b) => a - b)).to.deep.equal(required.sort((a, b) => a - b));
  });

  const levels = [
    ["istanbul", "istanbul"],
    ["berlin", "istanbul"],
    ["london", "london"],
    ["merge", "paris"],
    ["shanghai", "shanghai"],
    ["cancun", "cancun"],
  ] as const;
  for (const [hardfork, level] of levels) {
    it(`finds the rules of ${level} on a chain of ${hardfork}`, async () => {
      const chain = await network.create({ network: "default", override: { hardfork } });
      const rules = await probeChain(new InterceptedProvider(chain.provider, CHAIN), CHAIN, undefined, QUICK);
      expect(rules.level).to.equal(level);
      expect([...rules.opcodes]).to.include.members([...REQUIRED_OPCODES]);
      expect(rules.opcodes.has("PUSH0")).to.equal(level === "shanghai" || level === "cancun");
      await chain.close();
    });
  }

  const older = [
    ["byzantium", ["SHL", "SHR", "CHAINID"]],
    ["petersburg", ["CHAINID"]],
  ] as const;
  for (const [hardfork, missing] of older) {
    it(`names what a chain of ${hardfork} does not know`, async () => {
      const chain = await network.create({ network: "default", override: { hardfork } });
      const error = await caught(probeChain(new InterceptedProvider(chain.provider, 7n), 7n, undefined, QUICK));
      expect(error).to.be.instanceOf(MissingOpcodesError).and.deep.include({ chainId: 7n, missing });
      expect((error as Error).message).to.contain(`Chain 7 does not know ${missing.join(", ")}`);
      await chain.close();
    });
  }

  const asks = (method: string) => method === "eth_call";
  const failures: [what: string, intercept: Interception][] = [
    ["is out of reach", () => Promise.reject(unreachable())],
    [
      "refuses every call that creates a contract",
      (method, _params, next) =>
        asks(method) ? Promise.reject(Object.assign(new Error("missing to"), { code: -32_602 })) : next(),
    ],
    ["answers nothing", (method, _params, next) => (asks(method) ? Promise.resolve("0x") : next())],
  ];
  for (const [what, intercept] of failures) {
    it(`does not take a node that ${what} for a chain without operations`, async () => {
      expect(await caught(probe(intercept)))
        .to.be.instanceOf(NodeError)
        .with.property("request", "eth_call");
    });
  }

  it("does not take a node that fails in the middle for one either", async () => {
    let calls = 0;
    const failing: Interception = (method, _params, next) =>
      asks(method) && ++calls > 3 ? Promise.reject(Object.assign(new Error("overloaded"), { code: -32_005 })) : next();
    expect(await caught(probe(failing))).to.be.instanceOf(NodeError);
  });
});
