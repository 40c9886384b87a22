/** Where the console begins. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { isApiError } from "#console/call.ts";
import { LanguageProvider } from "#console/messages/language.tsx";
import { SessionProvider } from "#console/session/session-context.tsx";
import { router } from "./routes.tsx";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      // A refusal stays a refusal; what may pass by itself is tried again.
      retry: (count, error) => count < 3 && isApiError(error) && [0, 429, 500, 503].includes(error.problem.status),
      retryDelay: (count) => Math.min(8000, 500 * 2 ** count),
    },
  },
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <LanguageProvider>
        <QueryClientProvider client={client}>
          <SessionProvider>
            <RouterProvider router={router} />
          </SessionProvider>
        </QueryClientProvider>
      </LanguageProvider>
    </StrictMode>,
  );
}
