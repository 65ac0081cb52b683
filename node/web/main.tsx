import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { z } from "zod";
import { isTemporary } from "../base/errors.ts";
import { ConnectionProvider } from "./chain/connection.tsx";
import { LiveProvider } from "./chain/live-provider.tsx";
import { discoverWallets } from "./chain/signer.ts";
import { router } from "./site/router.tsx";
import "./styles.css";
import { HintProvider } from "./ui/exact.tsx";

// The page's policy lets nothing be evaluated.
z.config({ jitless: true });

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
// The name under which libraries that write styles look for it.
Object.assign(globalThis, { __webpack_nonce__: nonce });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && isTemporary(error),
    },
  },
});

discoverWallets();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <HintProvider>
        <ConnectionProvider>
          <LiveProvider>
            <RouterProvider router={router} />
          </LiveProvider>
        </ConnectionProvider>
      </HintProvider>
    </QueryClientProvider>
  </StrictMode>,
);
