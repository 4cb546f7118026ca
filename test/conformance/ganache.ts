import { startGanache } from "../helpers/chains/ganache.js";
import { describeChain } from "./suite/describeChain.js";

// Its answers are slow: it is asked less often.
describeChain("Ganache", startGanache, { interval: 600 });
