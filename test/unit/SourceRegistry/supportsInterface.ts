import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployRegistry } from "../../helpers/registry.js";

describe("SourceRegistry.supportsInterface", () => {
  for (const [name, id, supported] of [
    ["ERC-165", "0x01ffc9a7", true],
    ["ERC-721", "0x80ac58cd", true],
    ["ERC-721 Metadata", "0x5b5e139f", true],
    ["ERC-721 Enumerable", "0x780e9d63", false],
    ["the interface of nothing", "0xffffffff", false],
  ] as const) {
    it(`says ${supported ? "yes" : "no"} to ${name}`, async () => {
      const { registry } = await loadFixture(deployRegistry);
      expect(await registry.supportsInterface(id)).to.equal(supported);
    });
  }
});
