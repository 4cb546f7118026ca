import { startHardhat } from "../helpers/chains/hardhat.js";
import { describeChain } from "./suite/describeChain.js";

describeChain("Hardhat's node", startHardhat);
