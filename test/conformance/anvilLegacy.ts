import { hasAnvil, startAnvil } from "../helpers/chains/anvil.js";
import { describeChain } from "./suite/describeChain.js";

if (hasAnvil) describeChain("anvil, legacy fees", () => startAnvil("legacy"));
else describe("anvil, legacy fees", () => it.skip("anvil is not installed on this platform"));
