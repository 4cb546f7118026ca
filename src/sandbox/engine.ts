/** What is used of the WebAssembly engine, which the types of Node do not know. */
interface Engine {
  Module: {
    new (bytes: Uint8Array<ArrayBuffer>): Program;
    imports(program: Program): { module: string; name: string; kind: string }[];
    exports(program: Program): { name: string; kind: string }[];
  };
  Instance: new (program: Program, imports: Record<string, object>) => Instance;
  CompileError: new () => Error;
}

/** A compiled module. */
export type Program = object;

/** Memory of an instance. */
export interface Memory {
  readonly buffer: ArrayBuffer;
}

/** A module with memory of its own. */
export interface Instance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly;
