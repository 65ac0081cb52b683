/** What one set of questions came to. Counts are of `of` questions. */
export interface Cell {
  exact: number;
  of: number;
  /** Questions whose fact's contributor is paid most. */
  owner: number;
  /** Questions whose causal contributor is paid most: the one without whose rows log p(answer) falls most. */
  causalFirst: number;
  /** Mean share of the contributors' pay that goes to the causal contributor. */
  causalShare: number;
  /** Questions whose causal contributor owns the row that BM25 finds by the question. */
  bm25Causal: number;
}

/** Means of a cell's figures over several trainings. */
export function meanCell(cells: readonly Cell[]): Cell {
  const mean = (figure: (cell: Cell) => number) =>
    cells.reduce((sum, cell) => sum + figure(cell), 0) / cells.length;
  return {
    exact: mean(({ exact }) => exact),
    of: mean(({ of }) => of),
    owner: mean(({ owner }) => owner),
    causalFirst: mean(({ causalFirst }) => causalFirst),
    causalShare: mean(({ causalShare }) => causalShare),
    bm25Causal: mean(({ bm25Causal }) => bm25Causal),
  };
}

/** A cell of each kind of question, the mean over all trainings. */
export function meanCells(trainings: readonly ReadonlyMap<string, Cell>[]): ReadonlyMap<string, Cell> {
  const names = [...(trainings[0]?.keys() ?? [])];
  return new Map(names.map((name) => [name, meanCell(trainings.map((cells) => cells.get(name)!))]));
}

/** One line a cell: means over the trainings, and the least and the most; none for a single one. */
export function meanLines(name: string, trainings: readonly ReadonlyMap<string, Cell>[]): string[] {
  if (trainings.length < 2) return [];
  return [...meanCells(trainings)].map(([cell, { exact, of, owner }]) => {
    const range = (figure: (cell: Cell) => number) => {
      const all = trainings.map((cells) => figure(cells.get(cell)!));
      return `${Math.min(...all)} to ${Math.max(...all)}`;
    };
    return [
      `${name} ${cell}, mean of ${trainings.length} seeds:`,
      `exact ${exact.toFixed(1)} of ${of} (${range((one) => one.exact)})`,
      `fact's contributor first ${owner.toFixed(1)} (${range((one) => one.owner)})`,
    ].join("  ");
  });
}
