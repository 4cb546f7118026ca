/** Compiles the contracts and the Solidity tests at the same time, where `hardhat build` does one after the other. */
import hre from "hardhat";

const build = hre.tasks.getTask("build");
try {
  await Promise.all([build.run({ noTests: true }), build.run({ noContracts: true })]);
} catch (error) {
  // The compiler has said what is wrong; the other one of the two need not go on.
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
