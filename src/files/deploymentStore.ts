import { join } from "node:path";
import { type DeploymentPlan, type DeploymentStore, parsePlan } from "../protocol/deploy/plan.js";
import { type Deployment, formatDeployment, formatDocument, parseDeployment } from "../protocol/deployment.js";
import { DocumentFormatError } from "../protocol/errors.js";
import { readText, removeFile, writeText } from "./atomic.js";

/**
 * Keeps records as `<chain id>.json` in a folder, and plans as `<chain id>.plan.json`. A record that another one takes
 * the place of is kept as `<chain id>.<address of its TaskManager>.json`.
 *
 * All functions of it throw a {@link FileAccessError} if a file cannot be read or written, and a
 * {@link DocumentFormatError} if what is in it cannot be used.
 */
export function createDeploymentStore(folder: string): DeploymentStore {
  const recordFile = (chainId: bigint) => join(folder, `${chainId}.json`);
  const planFile = (chainId: bigint) => join(folder, `${chainId}.plan.json`);
  const readDeployment = (chainId: bigint) => read(recordFile(chainId), chainId, parseDeployment);
  return {
    readDeployment,
    readPlan: (chainId) => read(planFile(chainId), chainId, parsePlan),
    writePlan: (plan: DeploymentPlan) => writeText(planFile(BigInt(plan.chainId)), formatDocument(plan)),
    removePlan: (chainId) => removeFile(planFile(chainId)),
    async writeDeployment(deployment: Deployment) {
      const chainId = BigInt(deployment.chainId);
      const kept = recordFile(chainId);
      const old = await readDeployment(chainId);
      if (old === undefined) {
        await writeText(kept, formatDeployment(deployment));
        return { kept };
      }
      const setAside = join(folder, `${chainId}.${old.contracts.TaskManager.address}.json`);
      // The old record first: there is never a moment without it.
      await writeText(setAside, formatDeployment(old));
      await writeText(kept, formatDeployment(deployment));
      return { kept, setAside };
    },
  };
}

/** Reads a document of a chain, if it is there. */
async function read<T extends { chainId: number }>(
  file: string,
  chainId: bigint,
  parse: (text: string, name: string) => T,
): Promise<T | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  const document = parse(text, file);
  if (BigInt(document.chainId) !== chainId) {
    throw new DocumentFormatError(file, `it is of chain ${document.chainId}, not ${chainId}`);
  }
  return document;
}
