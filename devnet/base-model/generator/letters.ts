/** The text with its first letter as a capital. */
export function capital(text: string): string {
  return (text[0] ?? "").toUpperCase() + text.slice(1);
}

/** "a" before a vowel's letter becomes "an". */
export function withArticles(text: string): string {
  return text.replace(/\b([Aa]) (?=[aeiou])/g, "$1n ");
}
