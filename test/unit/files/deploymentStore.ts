import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createDeploymentStore } from "../../../src/files/deploymentStore.js";
import { FileAccessError } from "../../../src/files/errors.js";
import { type DeploymentPlan, planOf } from "../../../src/protocol/deploy/plan.js";
import { CONTRACT_NAMES, type Deployment, formatDeployment } from "../../../src/protocol/deployment.js";
import { DocumentFormatError } from "../../../src/protocol/errors.js";
import { DEFAULT_PARAMETERS } from "../../../src/protocol/parameters.js";
import { at, CHAIN, COMPILER, freshDeployer, OWNER, run, sentBy, TREASURY } from "../../helpers/deployment.js";

const HASH = `0x${"5a".repeat(32)}`;

/** A record whose TaskManager is at an address of so many equal digits. */
function record(digit: string): Deployment {
  const contract = { address: `0x${digit.repeat(40)}`, codeHash: HASH, transaction: HASH, block: 1 };
  return {
    format: "opengpu-deployment/1",
    chainId: Number(CHAIN),
    deployer: OWNER,
    firstNonce: 3,
    owner: OWNER,
    treasury: TREASURY,
    parameters: DEFAULT_PARAMETERS,
    compiler: COMPILER,
    contracts: Object.fromEntries(
      CONTRACT_NAMES.map((name) => [name, { ...contract, constructorArguments: "0x" }]),
    ) as Deployment["contracts"],
  };
}

const plan = (): DeploymentPlan => ({
  ...planOf(CHAIN, {
    deployer: OWNER,
    firstNonce: 3,
    governance: { owner: OWNER, treasury: TREASURY },
    parameters: DEFAULT_PARAMETERS,
  }),
  transactions: { Exits: [HASH, HASH], ProofBatch: [HASH] },
});

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("createDeploymentStore", () => {
  let folder: string;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "opengpu-")), "deployments");
  });

  afterEach(async () => {
    await rm(join(folder, ".."), { recursive: true, force: true });
  });

  it("has nothing in a folder that is not there", async () => {
    const store = createDeploymentStore(folder);
    expect(await store.readDeployment(CHAIN)).to.equal(undefined);
    expect(await store.readPlan(CHAIN)).to.equal(undefined);
    await store.removePlan(CHAIN);
  });

  it("reads what it wrote, and leaves nothing else behind", async () => {
    const store = createDeploymentStore(folder);
    await store.writePlan(plan());
    expect(await store.readPlan(CHAIN)).to.deep.equal(plan());
    await store.writePlan({ ...plan(), transactions: {} });
    expect((await store.readPlan(CHAIN))?.transactions).to.deep.equal({});
    const file = join(folder, "31337.json");
    expect(await store.writeDeployment(record("1"))).to.deep.equal({ kept: file });
    expect(await store.readDeployment(CHAIN)).to.deep.equal(record("1"));
    expect(await readFile(file, "utf8")).to.equal(formatDeployment(record("1")));
    expect((await readdir(folder)).sort()).to.deep.equal(["31337.json", "31337.plan.json"]);
    await store.removePlan(CHAIN);
    expect(await readdir(folder)).to.deep.equal(["31337.json"]);
    expect(await store.readDeployment(1071n)).to.equal(undefined);
  });

  it("keeps a record that another one takes the place of", async () => {
    const store = createDeploymentStore(folder);
    for (const digit of ["1", "2", "3"]) await store.writeDeployment(record(digit));
    const setAside = (digit: string) => `31337.0x${digit.repeat(40)}.json`;
    expect((await readdir(folder)).sort()).to.deep.equal([setAside("1"), setAside("2"), "31337.json"].sort());
    expect(await readFile(join(folder, setAside("2")), "utf8")).to.equal(formatDeployment(record("2")));
    expect(await store.readDeployment(CHAIN)).to.deep.equal(record("3"));
  });

  const text = formatDeployment(record("1"));
  const corrupt: [what: string, text: string, sentence: RegExp][] = [
    ["is cut off", text.slice(0, 100), /not JSON/],
    ["is empty", "", /not JSON/],
    ["is something else", "[]", /expected object/],
    ["is of another chain", text.replace('"chainId": 31337', '"chainId": 1071'), /it is of chain 1071, not 31337/],
    [
      "has an address that is none",
      text.replace(`0x${"1".repeat(40)}`, "0x11"),
      new RegExp(`contracts\\.${CONTRACT_NAMES[0]}\\.address: 0x11 is no address`),
    ],
    ["lacks a contract", text.replace('"Escrow"', '"Excrow"'), /contracts/],
    [
      "has an amount that is none",
      text.replace('"1020000000000000000"', '"1.02"'),
      /parameters\.feeScale: 1\.02 is no/,
    ],
  ];
  for (const [what, wrong, sentence] of corrupt) {
    it(`names a record that ${what}, and does not deploy beside it`, async () => {
      const file = join(folder, "31337.json");
      await mkdir(folder);
      await writeFile(file, wrong);
      const store = createDeploymentStore(folder);
      const error = await caught(store.readDeployment(CHAIN));
      expect(error).to.be.instanceOf(DocumentFormatError).and.include({ document: file });
      expect((error as Error).message)
        .to.contain(file)
        .and.match(sentence);

      const wallet = await freshDeployer();
      expect((await run(at(wallet), store)).error).to.be.instanceOf(DocumentFormatError);
      expect(await sentBy(wallet)).to.equal(0);
      expect(await readFile(file, "utf8")).to.equal(wrong);
    });
  }

  it("names a plan that is corrupt, and does not deploy beside it", async () => {
    const file = join(folder, "31337.plan.json");
    await mkdir(folder);
    await writeFile(file, '{"format": "opengpu-deployment-plan/2"}');
    const wallet = await freshDeployer();
    const { error } = await run(at(wallet), createDeploymentStore(folder));
    expect(error).to.be.instanceOf(DocumentFormatError).and.include({ document: file });
    expect(await sentBy(wallet)).to.equal(0);
  });

  it("says before anything is sent that a folder cannot be written", async () => {
    // Also for a user who may write everything: there is a file where the folder should be.
    await writeFile(folder, "");
    const wallet = await freshDeployer();
    const store = createDeploymentStore(folder);
    const { error } = await run(at(wallet), { ...store, readDeployment: none, readPlan: none });
    expect(error)
      .to.be.instanceOf(FileAccessError)
      .and.include({ path: join(folder, "31337.plan.json") });
    expect(error?.message).to.match(/cannot be written \((EEXIST|ENOTDIR)\)/);
    expect(await sentBy(wallet)).to.equal(0);
  });

  it("says that a file cannot be read", async () => {
    await mkdir(join(folder, "31337.json"), { recursive: true });
    const error = await caught(createDeploymentStore(folder).readDeployment(CHAIN));
    expect(error).to.be.instanceOf(FileAccessError);
    expect((error as Error).message).to.match(/31337\.json cannot be read \(EISDIR\)/);
  });

  it("leaves the old text and no other file when a write fails", async () => {
    const store = createDeploymentStore(folder);
    await store.writePlan(plan());
    // A folder in place of the file makes the last step fail, the renaming.
    await rm(join(folder, "31337.plan.json"));
    await mkdir(join(folder, "31337.plan.json", "full"), { recursive: true });
    expect(await caught(store.writePlan(plan()))).to.be.instanceOf(FileAccessError);
    expect(await readdir(folder)).to.deep.equal(["31337.plan.json"]);
  });
});

const none = () => Promise.resolve(undefined);
