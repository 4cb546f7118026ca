/** A workload did not compile, or is not what its manifest says. */
export class WorkloadError extends Error {
  override readonly name = "WorkloadError";
}
