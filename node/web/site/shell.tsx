import { Link, Outlet } from "@tanstack/react-router";
import { useLayoutEffect, useRef, useState } from "react";
import { useConnection } from "../chain/connection.tsx";
import { useLive } from "../chain/live-provider.tsx";
import { formatCount } from "../ui/format.ts";
import { AccountButton } from "./account.tsx";
import { PAGES } from "./pages.ts";

/** What stands around every page. */
export function Shell() {
  const { site } = useConnection();
  const pages = PAGES.filter((page) => !("of" in page) || Boolean(site[page.of]));
  return (
    <>
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded focus:bg-surface focus:p-2"
      >
        To the content
      </a>
      <header className="sticky top-0 z-40 border-b border-line bg-page/95 backdrop-blur">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-4 gap-y-1 px-4 pt-2 sm:px-6">
          <Link to="/" className="flex shrink-0 items-center gap-2 py-1 font-semibold tracking-tight">
            <img src="/icon.svg" alt="" width="26" height="26" />
            {/* So that an account's name never needs a second row. */}
            <span className="max-[26rem]:sr-only">OpenLedger</span>
          </Link>
          <nav
            aria-label="Pages"
            className="order-last -mx-4 flex w-[calc(100%+2rem)] gap-1 overflow-x-auto px-3 pb-1.5 text-sm sm:-mx-2.5 sm:w-[calc(100%+1.25rem)] sm:px-0"
          >
            {pages.map(({ to, name, exact }) => (
              <Link
                key={to}
                to={to}
                activeOptions={{ exact }}
                className="rounded-md px-2.5 py-1.5 whitespace-nowrap text-soft hover:bg-raised hover:text-ink"
                activeProps={{ className: "bg-raised !text-ink font-medium" }}
              >
                {({ isActive }) => <PageName name={name} isActive={isActive} />}
              </Link>
            ))}
          </nav>
          <div className="ml-auto flex items-center gap-2">
            <ChainPill />
            <ThemeButton />
            <AccountButton />
          </div>
        </div>
      </header>
      <Stale />
      <main id="content" tabIndex={-1} className="mx-auto max-w-6xl px-4 py-8 outline-none sm:px-6">
        <Outlet />
      </main>
      <Footer />
    </>
  );
}

/** In a row that is wider than the window the open page's name is scrolled to. */
function PageName({ name, isActive }: { name: string; isActive: boolean }) {
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (isActive) place.current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [isActive]);
  return <span ref={place}>{name}</span>;
}

function ChainPill() {
  const { state, head } = useLive();
  const colour = state === "live" ? "bg-good" : state === "lost" ? "bg-bad" : "bg-warn";
  const text = state === "live" ? "live" : state === "lost" ? "offline" : "connecting";
  return (
    <span className="flex items-center gap-1.5 text-xs text-soft tabular-nums">
      <span aria-hidden className={`size-2 rounded-full ${colour}`} />
      <span className="sr-only">{text}, block</span>
      <span className="min-w-12 max-sm:hidden">{head === undefined ? "…" : formatCount(head.number)}</span>
    </span>
  );
}

function Stale() {
  const { state } = useLive();
  if (state !== "lost") return null;
  return (
    <p role="status" className="border-b border-warn/50 bg-raised px-4 py-2 text-center text-sm text-warn">
      The node does not answer. What you see may be old; the page connects again by itself.
    </p>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme ?? "light");
  const other = theme === "dark" ? "light" : "dark";
  const change = () => {
    document.documentElement.dataset.theme = other;
    setTheme(other);
    try {
      localStorage.setItem("theme", other);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  };
  return (
    <button
      type="button"
      onClick={change}
      aria-label={`Change to the ${other} theme`}
      className="inline-flex size-9 items-center justify-center rounded-md text-soft hover:bg-raised hover:text-ink"
    >
      <svg
        viewBox="0 0 20 20"
        className="size-5"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        aria-hidden
      >
        {theme === "dark" ? (
          <path d="M10 3v1.5M10 15.5V17M3 10h1.5M15.5 10H17M5 5l1 1M14 14l1 1M15 5l-1 1M6 14l-1 1M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0Z" />
        ) : (
          <path d="M16.5 11.8A6.8 6.8 0 1 1 8.2 3.5a5.4 5.4 0 0 0 8.3 8.3Z" />
        )}
      </svg>
    </button>
  );
}

function Footer() {
  const { site, client } = useConnection();
  return (
    <footer className="mx-auto flex max-w-6xl flex-wrap gap-x-4 gap-y-1 px-4 py-8 text-xs text-soft sm:px-6">
      <span>Chain {client.chain.id}</span>
      <span>{site.version}</span>
      <span>
        <Link to="/operator" className="hover:text-accent hover:underline">
          How this node is
        </Link>
      </span>
      <span>
        JSON-RPC <code className="font-mono">{client.rpcUrl}</code>
      </span>
    </footer>
  );
}
