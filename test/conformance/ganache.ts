import { startGanache } from "../helpers/chains/ganache.js";
import { describeChain } from "./suite/describeChain.js";

// Ganache runs a transaction again that it is told of again, whatever its nonce: it must never be reminded.
describeChain("Ganache", startGanache, { interval: 600 });
