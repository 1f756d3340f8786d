/**
 * Stands for an instance of a class whose codec is not available, as records hold it: the class
 * name and the value that the codec returned. It has the same canonical bytes as the instance
 * itself.
 */
export class EncodedInstance {
  readonly className: string;
  readonly value: unknown;
  readonly #isMade = true;

  constructor(className: string, value: unknown) {
    this.className = className;
    this.value = value;
    Object.freeze(this);
  }

  static is(value: object): value is EncodedInstance {
    return #isMade in value;
  }
}
