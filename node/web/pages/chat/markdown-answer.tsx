import { type ReactNode, useContext, useMemo } from "react";
import Markdown, { type Components } from "react-markdown";
import { Mark } from "../attribution/mark.tsx";
import { MarkedText } from "../attribution/marked-text.tsx";
import type { Stretch } from "../attribution/span-segments.ts";
import { SpanContext, type SpanView } from "../attribution/span-view.ts";
import { rehypeSpans } from "./rehype-spans.ts";

/** UTF-16 units of an answer that is read as Markdown, and signs of it: what takes a parser long is shown as it is. */
const MOST_MARKDOWN = 10_000;
const MOST_SIGNS = 400;
const SIGN = /[*_]+|`+|[[<]/g;
/** More quotations and lists within one another than anybody reads, begun in one line. */
const DEEP_LINE = /^(?:[ \t]*(?:>|(?:[*+-]|\d{1,9}[.)])(?=[ \t]))){17,}/m;

/** A model's answer as Markdown, with its spans marked. It is a stranger's text: no HTML, no pictures, no address but the web's. */
export function MarkdownAnswer({ text, view }: { text: string; view: SpanView }) {
  const { spans } = view;
  const written = useMemo(
    () =>
      renderMarkdown(
        text,
        spans.map((span) => span.text),
      ),
    [text, spans],
  );
  if (written === undefined) return <MarkedText text={text} view={view} />;
  return (
    <SpanContext value={view}>
      <div className="answer min-w-0 break-words">{written}</div>
    </SpanContext>
  );
}

/** Undefined for a text that is too long or too deep to be read as Markdown. */
export function renderMarkdown(text: string, spans: readonly (Stretch | undefined)[]): ReactNode {
  if (text.length > MOST_MARKDOWN || DEEP_LINE.test(text)) return undefined;
  if ((text.match(SIGN)?.length ?? 0) > MOST_SIGNS) return undefined;
  try {
    return Markdown({
      children: text,
      components: COMPONENTS,
      rehypePlugins: [[rehypeSpans, { source: text, spans }]],
      urlTransform: webAddress,
    });
  } catch {
    return undefined;
  }
}

/** Only what a browser opens as a page of the web or a letter. */
function webAddress(url: string): string | undefined {
  return /^(https?:\/\/|mailto:)/i.test(url) ? url : undefined;
}

function MarkInText({ spans, isPlain, children }: { spans: string; isPlain: boolean; children: ReactNode }) {
  const view = useContext(SpanContext);
  if (view === undefined) return <>{children}</>;
  return (
    <Mark view={view} spans={spans.split(" ").map(Number)} isPlain={isPlain}>
      {children}
    </Mark>
  );
}

const COMPONENTS: Components = {
  mark: ({ node, children }) => (
    <MarkInText spans={String(node?.properties.dataSpans)} isPlain={node?.properties.dataPlain !== undefined}>
      {children}
    </MarkInText>
  ),
  a: ({ href, children }) =>
    href === undefined ? (
      children
    ) : (
      <a href={href} title={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ),
  // A picture would tell its server who reads.
  img: ({ alt, src }) => (
    <span className="text-soft">
      [picture: {alt || "without a word"}
      {src === undefined ? "" : `, ${src}`}]
    </span>
  ),
  // The page's own headings stand above an answer's.
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
  pre: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within a keyboard's reach
    <pre tabIndex={0}>{children}</pre>
  ),
};
