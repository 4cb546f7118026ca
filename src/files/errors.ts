import { OpenGpuError } from "../protocol/errors.js";

/** A file or folder cannot be read or written. */
export class FileAccessError extends OpenGpuError {
  override readonly name = "FileAccessError";
  readonly path: string;

  /**
   * @param path The file or folder.
   * @param purpose `read` or `written`.
   * @param reason What the system says, e.g. `EACCES`.
   */
  constructor(path: string, purpose: "read" | "written", reason: string, options?: ErrorOptions) {
    super(`${path} cannot be ${purpose} (${reason}). Check the folder and its permissions.`, options);
    this.path = path;
  }
}
