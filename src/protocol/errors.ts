/** Base of all errors that this library throws itself. */
export class OpenGpuError extends Error {
  override readonly name: string = "OpenGpuError";
}

/** A value does not fit the field of an order or of a contract call that it was given for. */
export class FieldRangeError extends OpenGpuError {
  override readonly name = "FieldRangeError";
  readonly field: string;
  readonly value: bigint | number | string;
  readonly maximum: bigint;

  /**
   * @param field Name of the field.
   * @param value The offending value.
   * @param maximum Largest value that fits.
   */
  constructor(field: string, value: bigint | number | string, maximum: bigint) {
    super(`${field} is ${value}; it must be an integer from 0 to ${maximum}.`);
    this.field = field;
    this.value = value;
    this.maximum = maximum;
  }
}

/** A value that should be so many bytes in hexadecimal is something else. */
export class FieldFormatError extends OpenGpuError {
  override readonly name = "FieldFormatError";
  readonly field: string;
  readonly value: string;

  /**
   * @param field Name of the field.
   * @param value The offending value.
   * @param expected What it should be.
   */
  constructor(field: string, value: string, expected: string) {
    super(`${field} is ${value}; it must be ${expected}.`);
    this.field = field;
    this.value = value;
  }
}

/** A deployment whose parts ended up at other addresses than those they were told of. */
export class PredictionLostError extends OpenGpuError {
  override readonly name = "PredictionLostError";
  readonly contract: string;
  readonly predicted: string;
  readonly actual: string;

  /**
   * @param contract Name of the contract.
   * @param predicted Address that the other contracts were given.
   * @param actual Address at which it was deployed.
   */
  constructor(contract: string, predicted: string, actual: string) {
    super(
      `${contract} was predicted at ${predicted} but deployed at ${actual}: another transaction of the deployer ` +
        `came in between. Deploy the suite anew, from an account that nothing else uses.`,
    );
    this.contract = contract;
    this.predicted = predicted;
    this.actual = actual;
  }
}
