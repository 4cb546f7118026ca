import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { createServer as createHttpServer, type RequestListener } from "node:http";

/** A line between a program and a server that a test can cut. */
export interface Relay {
  readonly port: number;
  /** Connections made so far. */
  readonly made: number;
  /** Breaks all connections; new ones are taken. */
  cut(): void;
  /** Holds back all that comes from the server, as a line that is dead without anybody having been told. */
  hold(): void;
  /** Takes no new connections, or takes them again. */
  refuse(refused: boolean): void;
  readonly close: () => Promise<void>;
}

/** Relays connections to a port of this machine. */
export async function openRelay(target: number): Promise<Relay> {
  const open = new Set<Socket>();
  let made = 0;
  let refused = false;
  const server = createServer((near) => {
    if (refused) {
      near.destroy();
      return;
    }
    made++;
    const far = connect(target, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
    fars.add(far);
  });
  const fars = new Set<Socket>();
  const port = await listen(server);
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port,
    get made() {
      return made;
    },
    cut,
    hold() {
      for (const far of fars) far.unpipe();
    },
    refuse(now) {
      refused = now;
    },
    close() {
      cut();
      return new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}

/** A web server on this machine that answers as it is told. */
export async function openWebServer(listener: RequestListener): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createHttpServer(listener);
  const port = await listen(server);
  return {
    port,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}

function listen(server: ReturnType<typeof createServer> | ReturnType<typeof createHttpServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}
