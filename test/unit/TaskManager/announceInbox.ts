import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployMarket } from "../../helpers/suite.js";

describe("TaskManager.announceInbox", () => {
  for (const inbox of ["", "https://inbox.example/client", "x".repeat(256), "é".repeat(128)]) {
    it(`tells an inbox of ${Buffer.byteLength(inbox)} bytes`, async () => {
      const { taskManager, stranger } = await loadFixture(deployMarket);
      await expect(taskManager.connect(stranger).announceInbox(inbox))
        .to.emit(taskManager, "InboxAnnounced")
        .withArgs(stranger.address, inbox);
    });
  }

  // The limit counts bytes, not characters.
  for (const inbox of ["x".repeat(257), "é".repeat(128) + "x"]) {
    it(`refuses ${inbox.length} characters in 257 bytes`, async () => {
      const { taskManager, stranger } = await loadFixture(deployMarket);
      await expect(taskManager.connect(stranger).announceInbox(inbox))
        .to.be.revertedWithCustomError(taskManager, "InboxTooLarge")
        .withArgs(257, 256);
    });
  }
});
