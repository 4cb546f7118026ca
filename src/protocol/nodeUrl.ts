import { DocumentFormatError } from "./errors.js";

/** The address of a node, checked. */
export interface NodeUrl {
  /** To connect to, without credentials. */
  readonly href: string;
  readonly socket: boolean;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
  /** To tell people: without credentials, path and query, which hold keys. */
  readonly shown: string;
}

/**
 * Reads the address of a node.
 *
 * @throws {DocumentFormatError} if it is none.
 */
export function parseNodeUrl(text: string): NodeUrl {
  const [, scheme] = /^(https?|wss?):\/\/[^\s/]/i.exec(text) ?? [];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (scheme === undefined || url === undefined) {
    // What cannot be read cannot be masked, but for what stands before a host and behind it.
    const shown = text.replace(/\/\/[^/\s]*@/, "//…@").replace(/^([a-z]*:?\/\/[^/?]*[/?]).+$/i, "$1…");
    throw new DocumentFormatError(
      `The node's address ${shown}`,
      "it must be http://, https://, ws:// or wss:// with a host",
    );
  }
  const { username, password, origin, protocol, host, pathname, search } = url;
  const credentials =
    username === "" && password === ""
      ? undefined
      : { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  const start = origin === "null" ? `${protocol}//${host}` : origin;
  const shown = `${start}${pathname === "/" ? "" : "/…"}${search === "" ? "" : "?…"}`;
  url.username = "";
  url.password = "";
  url.hash = "";
  return { href: url.href, socket: protocol.startsWith("ws"), credentials, shown };
}
