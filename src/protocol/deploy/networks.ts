/** A chain that the suite is made for. */
export interface NetworkPreset {
  readonly chainId: bigint;
  /** Address of a public node. */
  readonly url: string;
  /** Address of a block explorer; `undefined` if there is none. */
  readonly explorer?: string;
  /** Symbol of the coin, which has 18 decimals. */
  readonly coin: string;
}

/** The chains that are known by name. */
export const NETWORKS = {
  local: { chainId: 31337n, url: "http://127.0.0.1:8545", coin: "ETH" },
  opengpu: {
    chainId: 1071n,
    url: "https://mainnet-rpc.ogpuscan.io",
    explorer: "https://ogpuscan.io",
    coin: "OGPU",
  },
  opengpuTestnet: {
    chainId: 200820172034n,
    url: "https://testnetrpc.ogpuscan.io",
    explorer: "https://testnet.ogpuscan.io",
    coin: "ToGPU",
  },
} as const satisfies Record<string, NetworkPreset>;

export type NetworkName = keyof typeof NETWORKS;

/** The preset of a chain, or `undefined` if it is none of them. */
export function presetOf(chainId: bigint): NetworkPreset | undefined {
  return Object.values<NetworkPreset>(NETWORKS).find((preset) => preset.chainId === chainId);
}
