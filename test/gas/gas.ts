import { measure } from "./lifecycles.js";

describe("gas", () => {
  it("prints", async () => {
    console.log(await measure());
  });
});
