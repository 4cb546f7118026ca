import { formatEther, formatUnits } from "ethers";
import type { DeployEvent } from "../../src/protocol/deploy/run.js";

const row = (name: string, text: string) => {
  console.log(`  ${name.padEnd(16)}${text}`);
};

/** Tells a person what a deployment does. */
export function reporter(coin: string): (event: DeployEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "stale":
        row("earlier record", `TaskManager ${event.taskManager} is not on this chain; its record will be set aside`);
        return;
      case "chain":
        row("chain", `${event.chainId}, rules of ${event.rules.level}: all operations that the contracts need`);
        return;
      case "resumed":
        row("interrupted", `an earlier run goes on; ${event.done} contracts are there`);
        return;
      case "lost":
        row(
          "interrupted",
          `the earlier run is lost: ${event.contract} cannot come to ${event.predicted} any more, because its nonce ` +
            `went to another transaction. The suite is deployed anew`,
        );
        return;
      case "planned": {
        const { deployer, balance, gas, cost, type, places } = event;
        row("deployer", `${deployer}, has ${formatEther(balance)} ${coin}`);
        row("cost", `at most ${formatEther(cost)} ${coin} for ${gas} gas, transactions of type ${type}`);
        console.log("\nContracts");
        for (const { name, address, nonce } of places) row(name, `${address}  nonce ${nonce}`);
        console.log("\nTransactions");
        return;
      }
      case "sent":
        row(event.contract, `${event.transaction} …`);
        return;
      case "deployed":
        row("", `${event.gasUsed} gas, ${formatUnits(event.cost, "ether")} ${coin}`);
        return;
      case "recorded":
        console.log("\nThe chain has what was sent; all settings read back equal.");
        if (event.setAside !== undefined) row("earlier record", event.setAside);
        row("record", event.kept);
    }
  };
}
