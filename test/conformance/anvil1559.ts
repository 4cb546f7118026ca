import { hasAnvil, startAnvil } from "../helpers/chains/anvil.js";
import { describeChain } from "./suite/describeChain.js";

if (hasAnvil) describeChain("anvil, EIP-1559 fees", () => startAnvil("eip1559"));
else describe("anvil, EIP-1559 fees", () => it.skip("anvil is not installed on this platform"));
