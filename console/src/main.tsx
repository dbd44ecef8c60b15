import "./trusted-types.ts";
import "./jitless.ts";
import "./global.css";
import "./components.css";
import { MantineProvider, localStorageColorSchemeManager } from "@mantine/core";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError, createApi } from "./api/client.ts";
import { PlatformClock } from "./clock.ts";
import { paths } from "./paths.ts";
import { createConsoleRouter } from "./routes.tsx";
import { ServicesContext, type Services } from "./services.ts";
import { theme } from "./theme.ts";

function readNonce(): string {
  const text = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
  return text.startsWith("__") ? "" : text;
}

/** A refusal stands until something changes; only silence and server faults are worth another try. */
function isRetried(failures: number, error: Error): boolean {
  const refused = error instanceof ApiError && (error.status ?? 500) < 500;
  return !refused && failures < 2;
}

function start(element: HTMLElement): void {
  const clock = new PlatformClock();
  const api = createApi(clock);
  const queryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (!(error instanceof ApiError) || error.status !== 401) return;
        const { pathname, href } = router.state.location;
        if (pathname !== "/sign-in") void router.navigate(paths.signIn(href));
      },
    }),
    defaultOptions: { queries: { retry: isRetried, staleTime: 2000, networkMode: "always" } },
  });
  const router = createConsoleRouter({ api, queryClient });
  const services: Services = { api, clock, queryClient, nonce: readNonce() };
  createRoot(element).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        colorSchemeManager={localStorageColorSchemeManager({ key: "obsyk-color-scheme" })}
        getStyleNonce={() => services.nonce}
      >
        <ServicesContext value={services}>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </ServicesContext>
      </MantineProvider>
    </StrictMode>,
  );
}

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no element with id root");
start(element);
