import { expect } from "chai";
import { id } from "ethers";
import { TypesHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";

const [CPU, NVIDIA, AMD] = [1, 2, 4];

async function deploy() {
  const deployer = await anAccount();
  return new TypesHarness__factory(deployer).deploy();
}

describe("Environment.fits", () => {
  for (const [title, offered, memory, wanted, needed, expected] of [
    ["a CPU for CPU work", CPU, 0, CPU, 0, true],
    ["a CPU, whatever GPU memory the work would need", CPU, 0, CPU | NVIDIA, 80, true],
    ["a GPU with just the memory", NVIDIA, 24, NVIDIA, 24, true],
    ["a GPU with more memory", NVIDIA, 25, NVIDIA, 24, true],
    ["a GPU with a GiB less", NVIDIA, 23, NVIDIA, 24, false],
    ["a GPU for work that needs no memory", AMD, 0, AMD, 0, true],
    ["a GPU of another maker", NVIDIA, 80, AMD, 24, false],
    ["one of two GPUs", NVIDIA | AMD, 24, AMD, 24, true],
    ["a CPU for GPU work", CPU, 80, NVIDIA, 0, false],
    ["a GPU for CPU work", NVIDIA, 80, CPU, 0, false],
    ["nothing", 0, 80, CPU | NVIDIA | AMD, 0, false],
    ["anything for no environment", CPU | NVIDIA | AMD, 80, 0, 0, false],
    ["a bit that names no environment", 8, 80, 8, 0, false],
  ] as const) {
    it(`${expected ? "takes" : "refuses"} ${title}`, async () => {
      const types = await loadFixture(deploy);
      expect(await types.fitsOn(offered, memory, wanted, needed)).to.equal(expected);
    });
  }

  it("takes exactly what shares the CPU, or a GPU with enough memory", async () => {
    const types = await loadFixture(deploy);
    for (let offered = 0; offered < 8; offered++) {
      for (let wanted = 0; wanted < 8; wanted++) {
        const shared = [CPU, NVIDIA, AMD].map((bit) => (offered & bit) !== 0 && (wanted & bit) !== 0);
        const [cpu, gpu] = [shared[0], shared[1] === true || shared[2] === true];
        expect(await types.fitsOn(offered, 8, wanted, 8)).to.equal(cpu === true || gpu, `${offered}, ${wanted}`);
        expect(await types.fitsOn(offered, 8, wanted, 9)).to.equal(cpu, `${offered}, ${wanted}`);
      }
    }
  });
});

describe("Ids", () => {
  it("are equal to themselves only", async () => {
    const types = await loadFixture(deploy);
    expect(await types.sameTask(id("a"), id("a"))).to.equal(true);
    expect(await types.sameTask(id("a"), id("b"))).to.equal(false);
    for (const [a, b] of [
      [0, 0],
      [7, 7],
      [7, 8],
      [0, 2 ** 32 - 1],
    ] as const) {
      expect(await types.compareProviders(a, b)).to.deep.equal([a === b, a !== b]);
      expect(await types.compareSources(a, b)).to.deep.equal([a === b, a !== b]);
    }
  });
});
