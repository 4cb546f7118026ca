import { SignTypedDataVersion, signTypedData, TypedDataUtils } from "@metamask/eth-sig-util";
import { getBytes, hexlify } from "ethers";
import { type Order, ORDER_TYPES, type OrderDomain, orderDomain } from "../../src/protocol/order.js";

/** The message that a web page would hand to a wallet by `eth_signTypedData_v4`: JSON, so whole numbers are strings. */
function request(order: Order, domain: OrderDomain) {
  const text = (value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return {
    types: {
      EIP712Domain: [
        { name: "name", type: "string" },
        { name: "version", type: "string" },
        { name: "chainId", type: "uint256" },
        { name: "verifyingContract", type: "address" },
      ],
      Order: ORDER_TYPES["Order"] ?? [],
    },
    primaryType: "Order" as const,
    domain: { ...orderDomain(domain), chainId: Number(domain.chainId) },
    message: Object.fromEntries(Object.entries(order).map(([field, value]) => [field, text(value)])),
  };
}

/** What a browser wallet computes for an order, by the code that it signs with. */
export function walletDigest(order: Order, domain: OrderDomain): string {
  return hexlify(TypedDataUtils.eip712Hash(request(order, domain), SignTypedDataVersion.V4));
}

/** What a browser wallet with this key signs for an order. */
export function walletSignature(key: string, order: Order, domain: OrderDomain): string {
  const privateKey = Buffer.from(getBytes(key));
  return signTypedData({ privateKey, data: request(order, domain), version: SignTypedDataVersion.V4 });
}
