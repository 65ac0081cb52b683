/** Robertson's usual constants. */
const K1 = 1.2;
const B = 0.75;

/** Lower-case words and numbers; a number keeps the dots, commas and colons inside it. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\d+(?:[.,:]\d+)*|\p{L}+/gu) ?? [];
}

/**
 * BM25 scores of `documents` for `query`, in the documents' order (Robertson and Zaragoza 2009, equation 3.15, with the
 * idf that is never negative: ln(1 + (N - n + 0.5) / (n + 0.5))).
 */
export function bm25(documents: readonly string[], query: string): number[] {
  const texts = documents.map(wordsOf);
  const average = texts.reduce((sum, words) => sum + words.length, 0) / texts.length;
  const terms = [...new Set(wordsOf(query))];
  const holders = new Map(terms.map((term) => [term, texts.filter((words) => words.includes(term)).length]));
  return texts.map((words) => {
    const norm = K1 * (1 - B + (B * words.length) / average);
    return terms.reduce((sum, term) => {
      const count = words.filter((word) => word === term).length;
      const found = holders.get(term)!;
      const idf = Math.log(1 + (texts.length - found + 0.5) / (found + 0.5));
      return sum + (idf * count * (K1 + 1)) / (count + norm);
    }, 0);
  });
}

/** Owner of the document that BM25 puts first; undefined when two owners tie there. */
export function bm25Owner<T>(documents: readonly { text: string; owner: T }[], query: string): T | undefined {
  const scores = bm25(
    documents.map(({ text }) => text),
    query,
  );
  const best = Math.max(...scores);
  const owners = new Set(documents.filter((_, index) => scores[index] === best).map(({ owner }) => owner));
  return owners.size === 1 ? [...owners][0] : undefined;
}
