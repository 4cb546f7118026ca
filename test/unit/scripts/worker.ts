import { expect } from "chai";
import { builtWorker } from "../../../scripts/market/worker.js";
import { createWasmExecutor } from "../../../src/sandbox/index.js";
import { SEED_B, jobOf } from "../../helpers/jobs.js";
import { program } from "../../helpers/wasm.js";

describe("builtWorker", () => {
  it("does what the worker does from source, and is built once", async () => {
    const worker = await builtWorker();
    expect(await builtWorker()).to.deep.equal(worker);
    const random = jobOf(
      await program(
        "(drop (call $random_get (i32.const 0) (i32.const 100))) (call $write (i32.const 0) (i32.const 100))",
      ),
      { seed: SEED_B },
    );
    const [built, source] = [createWasmExecutor({ worker }), createWasmExecutor()];
    const { output } = await built.run(random);
    expect(output).to.have.length(100);
    expect(output).to.deep.equal((await source.run(random)).output);
    await Promise.all([built.close(), source.close()]);
  });
});
