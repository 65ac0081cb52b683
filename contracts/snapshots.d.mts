/** Slot, offset, name, type and size of every variable that a contract keeps. */
export function renderStorage(): string;
/** Upgraded contracts whose later code would read what stands there otherwise, by two texts of their storage. */
export function brokenLayouts(older: string, newer: string): string[];
/** Every function, event and error with its selector or topic, and the size of the code that is deployed. */
export function renderAbi(): string;
/** The two texts by file name. */
export function renderSnapshots(): Record<string, string>;
export function snapshotFile(name: string): string;
