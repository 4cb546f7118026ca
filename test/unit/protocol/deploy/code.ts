import { expect } from "chai";
import { dataLength, getBytes, hexlify, keccak256 } from "ethers";
import { artifacts } from "hardhat";
import { checkCode, runtimeOf } from "../../../../src/protocol/deploy/code.js";
import { estimateOf, gasOfCreation } from "../../../../src/protocol/deploy/estimate.js";
import { creationCodeOf, type Place, placesOf } from "../../../../src/protocol/deploy/places.js";
import { blueprintOf } from "../../../../src/protocol/deploy/plan.js";
import {
  CONTRACT_NAMES,
  LIBRARY_NAMES,
  type Deployment,
  type LibraryName,
} from "../../../../src/protocol/deployment.js";
import { DeploymentMismatchError } from "../../../../src/protocol/errors.js";
import { deployed, rpc } from "../../../helpers/deployment.js";
import { Random, SEED } from "../../../helpers/seeded.js";

const ELSEWHERE = "0x1111111111111111111111111111111111111111";

/** Code of a build with one of its bytes changed. */
function spoilt(code: string, at: number): string {
  const bytes = getBytes(code);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return hexlify(bytes);
}

const refusal = (place: Pick<Place, "name" | "address">, code: string, creationCode: string): unknown => {
  try {
    checkCode(place, code, creationCode);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe("code of a deployment", () => {
  let deployment: Deployment;
  let places: Place[];
  let codes: Map<string, string>;

  before(async () => {
    ({ deployment } = await deployed());
    places = placesOf(blueprintOf(deployment));
    codes = new Map();
    for (const { name, address } of places) codes.set(name, String(await rpc("eth_getCode", address, "latest")));
  });

  const linked = Object.fromEntries(LIBRARY_NAMES.map((name) => [name, ELSEWHERE])) as Record<LibraryName, string>;
  const codeOf = ({ name }: Place) => codes.get(name) ?? "";

  it("is found in the creation code as the compiler says", async () => {
    for (const name of CONTRACT_NAMES) {
      const { deployedBytecode } = await artifacts.readArtifact(name);
      const expected = deployedBytecode.replace(/__\$[0-9a-f]{34}\$__/g, ELSEWHERE.slice(2));
      expect(runtimeOf(creationCodeOf(name, linked)), name).to.equal(expected);
    }
  });

  it("passes, and its hash is that of the record", () => {
    for (const place of places) {
      const hash = checkCode(place, codeOf(place), place.creationCode);
      expect(hash).to.equal(keccak256(codeOf(place)));
      expect(hash).to.equal(deployment.contracts[place.name].codeHash);
    }
  });

  it(`fails when one byte differs that is not immutable (seed ${SEED})`, async () => {
    const random = new Random(SEED);
    for (const place of places) {
      const { immutableReferences = {} } = (await artifacts.readArtifact(place.name)) as {
        immutableReferences?: Record<string, { start: number; length: number }[]>;
      };
      const blanks = Object.values(immutableReferences).flat();
      const isLibrary = (LIBRARY_NAMES as readonly string[]).includes(place.name);
      for (let i = 0; i < 40; i++) {
        const at = random.whole(0, dataLength(codeOf(place)) - 1);
        const isBlank = blanks.some(({ start, length }) => at >= start && at < start + length);
        const error = refusal(place, spoilt(codeOf(place), at), place.creationCode);
        if (isBlank && !isLibrary) expect(error, `${place.name} ${at}`).to.equal(undefined);
        else expect(error, `${place.name} ${at}`).to.be.instanceOf(DeploymentMismatchError);
      }
    }
  });

  it("lets only immutable words differ", async () => {
    for (const place of places.slice(LIBRARY_NAMES.length)) {
      const { immutableReferences = {} } = (await artifacts.readArtifact(place.name)) as {
        immutableReferences?: Record<string, { start: number; length: number }[]>;
      };
      for (const { start } of Object.values(immutableReferences).flat()) {
        expect(refusal(place, spoilt(codeOf(place), start + 31), place.creationCode)).to.equal(undefined);
      }
    }
  });

  it("fails when it is cut, longer, absent, or that of another contract", () => {
    for (const [index, place] of places.entries()) {
      const code = codeOf(place);
      const other = codeOf(places[(index + 1) % places.length] ?? place);
      for (const wrong of [code.slice(0, -2), `0x${code.slice(4)}`, `${code}00`, "0x", other]) {
        const error = refusal(place, wrong, place.creationCode);
        expect(error).to.be.instanceOf(DeploymentMismatchError).and.include({ contract: place.name });
      }
    }
  });

  it("fails when a library has another address than it should, or TaskManager another library", () => {
    const [exits] = places;
    const manager = places.at(-1);
    if (exits === undefined || manager === undefined) throw new Error("no places");
    expect(refusal({ name: "Exits", address: ELSEWHERE }, codeOf(exits), exits.creationCode)).to.be.instanceOf(
      DeploymentMismatchError,
    );
    const relinked = creationCodeOf("TaskManager", {
      ...linked,
      Exits: exits.address,
    });
    expect(refusal(manager, codeOf(manager), relinked)).to.be.instanceOf(DeploymentMismatchError);
  });

  it("costs gas as estimated: no less, and no quarter more", async () => {
    let total = 0n;
    for (const place of places) {
      const { transaction } = deployment.contracts[place.name];
      const { gasUsed } = (await rpc("eth_getTransactionReceipt", transaction)) as { gasUsed: string };
      expect(gasOfCreation(place.data) >= BigInt(gasUsed), place.name).to.equal(true);
      total += BigInt(gasUsed);
    }
    const { gas, cost, largest } = estimateOf(places, { type: 0, gasPrice: 3n });
    expect(gas >= total && gas * 4n <= total * 5n, `${gas} estimated, ${total} used`).to.equal(true);
    expect(cost).to.equal(3n * gas);
    expect(largest).to.deep.equal({ name: "TaskManager", gas: gasOfCreation(places.at(-1)?.data ?? "0x") });
    expect(estimateOf(places, { type: 2, maxFeePerGas: 5n, maxPriorityFeePerGas: 1n }).cost).to.equal(5n * gas);
  });
});
