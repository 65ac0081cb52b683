/** A method's result that is JSON text already: it goes into the answer as it is. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Where it is inside of another value. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}
