import { readFileSync } from "node:fs";
import { expect } from "chai";
import { TASK_STATES, TaskState } from "../../../src/protocol/states.js";

describe("TASK_STATES", () => {
  it("has the names of the contracts in their sequence", () => {
    const source = readFileSync(new URL("../../../contracts/types/Task.sol", import.meta.url), "utf8");
    const [, body = ""] = /enum TaskState \{([^}]*)\}/.exec(source) ?? [];
    const names = body.replace(/\/\/.*$/gm, "").match(/\w+/g);
    expect(names).to.deep.equal([...TASK_STATES]);
    expect(Object.entries(TaskState)).to.deep.equal(TASK_STATES.map((name, number) => [name, number]));
  });
});
