/** Deploys a suite to a chain and records it; an interrupted deployment goes on where it stopped. */
import { Option } from "commander";
import { readText } from "../src/files/atomic.js";
import { createDeploymentStore } from "../src/files/deploymentStore.js";
import { parametersSchema, parseDocument } from "../src/protocol/deployment.js";
import { deploy } from "../src/protocol/deploy/run.js";
import type { FeeMarket } from "../src/protocol/fees.js";
import { DEFAULT_PARAMETERS, type SuiteParameters } from "../src/protocol/parameters.js";
import { compilerOf } from "./deployment/build.js";
import { askFirst, createCommand, main, ScriptError, wholeNumber } from "./deployment/command.js";
import { reporter } from "./deployment/report.js";
import { connectTarget, deployerOf, NETWORK_NAMES } from "./deployment/target.js";

interface Options {
  network: string;
  owner?: string;
  treasury?: string;
  fees: FeeMarket;
  parameters?: string;
  replace?: boolean;
  restart?: boolean;
  yes?: boolean;
  folder: string;
  timeout: number;
}

const command = createCommand("deploy", "Deploys a suite to a chain and records it in deployments/.")
  .addOption(new Option("--network <name>", "where to").choices(NETWORK_NAMES).makeOptionMandatory())
  .option("--owner <address>", "who may set fee and treasury and pause new tasks; the deployer if left out")
  .option("--treasury <address>", "who receives the fees; the deployer if left out")
  .addOption(new Option("--fees <kind>", "kind of transactions").choices(["auto", "legacy", "eip1559"]).default("auto"))
  .option("--parameters <file>", "JSON with other parameters than the default ones, amounts in wei as strings")
  .option("--replace", "deploy another suite where there is one; its record is kept under another name")
  .option("--restart", "forget an interrupted deployment and begin anew")
  .option("--yes", "do not ask before coin is spent")
  .option("--folder <path>", "where records are kept", "deployments")
  .option("--timeout <seconds>", "for how long to try a node that does not answer", wholeNumber(1, 3600), 20);

/** The parameters in a file. */
async function parametersIn(file: string | undefined): Promise<SuiteParameters> {
  if (file === undefined) return DEFAULT_PARAMETERS;
  const text = await readText(file);
  if (text === undefined) throw new ScriptError(`There is no file ${file} with parameters.`);
  return parseDocument(parametersSchema, text, file);
}

await main(async () => {
  const options = command.parse().opts<Options>();
  const parameters = await parametersIn(options.parameters);
  const target = await connectTarget(options.network, options.timeout * 1000);
  const { wallet, isTestAccount } = await deployerOf(target);
  const { owner = wallet.address, treasury = wallet.address } = options;

  console.log(`OpenGPU: a suite for ${target.name}\n\nChecks`);
  if (isTestAccount) console.log("  No key is set; the deployer is the test account of `npm run node`.");
  await deploy({
    signer: wallet,
    governance: { owner, treasury },
    parameters,
    chainId: target.chainId,
    fees: options.fees,
    patience: { requests: options.timeout * 1000 },
    store: createDeploymentStore(options.folder),
    compiler: await compilerOf(),
    replace: options.replace ?? false,
    restart: options.restart ?? false,
    report: reporter(target.preset?.coin ?? "coins"),
    ...(target.name !== "local" && options.yes !== true && { confirm: () => askFirst(`Deploy to ${target.name}`) }),
  });
});
