/** Every page of the console and its URL, in one table. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import type { Api } from "./api/client.ts";
import { tableQuery } from "./api/queries.ts";
import { PageError } from "./components/PageError.tsx";
import { Shell } from "./components/Shell.tsx";
import { parseSearch, pickTexts, stringifySearch } from "./logic/search.ts";
import { NotFoundPage } from "./pages/NotFoundPage.tsx";
import { paths, type ObjectTab, type TableSearch } from "./paths.ts";

type RouterContext = { readonly api: Api; readonly queryClient: QueryClient };

const root = createRootRouteWithContext<RouterContext>()({ notFoundComponent: NotFoundPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (
    search,
  ): { token?: string; next?: string | undefined; refused?: string | undefined } =>
    pickTexts(search, ["token", "next", "refused"]),
  component: lazyRouteComponent(async () => import("./pages/SignInPage.tsx"), "SignInPage"),
});

/**
 * Everything below needs a session. Nobody waits to hear that there is one: the first answer that says otherwise leads
 * to the sign-in page (main.tsx), which comes back here after.
 */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  errorComponent: ({ error }) => (
    <PageError error={error instanceof Error ? error : new Error(String(error))} />
  ),
});

const join = createRoute({
  getParentRoute: () => root,
  path: "/join",
  validateSearch: (search): { token?: string } => pickTexts(search, ["token"]),
  component: lazyRouteComponent(async () => import("./pages/settings/JoinPage.tsx"), "JoinPage"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  component: lazyRouteComponent(
    async () => import("./pages/settings/SettingsPage.tsx"),
    "SettingsPage",
  ),
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    // oxlint-disable-next-line typescript/only-throw-error -- the router's way to redirect is a thrown redirect
    throw redirect(paths.clusters());
  },
});

const clusters = createRoute({
  getParentRoute: () => shell,
  path: "/clusters",
  component: lazyRouteComponent(async () => import("./pages/ClustersPage.tsx"), "ClustersPage"),
});

const register = createRoute({
  getParentRoute: () => shell,
  path: "/register",
  validateSearch: (search): { cluster?: string | undefined } => pickTexts(search, ["cluster"]),
  component: lazyRouteComponent(async () => import("./pages/RegisterPage.tsx"), "RegisterPage"),
});

const cluster = createRoute({
  getParentRoute: () => shell,
  path: "/clusters/$clusterId",
  component: lazyRouteComponent(async () => import("./pages/ClusterLayout.tsx"), "ClusterLayout"),
});

const clusterOverview = createRoute({
  getParentRoute: () => cluster,
  path: "/",
  validateSearch: (search): { namespace?: string | undefined } => pickTexts(search, ["namespace"]),
  component: lazyRouteComponent(async () => import("./pages/ClusterPage.tsx"), "ClusterPage"),
});

const findingsPage = lazyRouteComponent(
  async () => import("./pages/FindingsPage.tsx"),
  "FindingsPage",
);

const findings = createRoute({
  getParentRoute: () => shell,
  path: "/findings",
  component: findingsPage,
});

const clusterFindings = createRoute({
  getParentRoute: () => cluster,
  path: "/findings",
  component: findingsPage,
});

const collected = createRoute({
  getParentRoute: () => cluster,
  path: "/collected",
  component: lazyRouteComponent(async () => import("./pages/CollectedPage.tsx"), "CollectedPage"),
});

const resource = createRoute({
  getParentRoute: () => cluster,
  path: "/$resource",
  validateSearch: (search): TableSearch => pickTexts(search, ["namespace", "name", "labels"]),
  loaderDeps: ({ search }) => search,
  // On its way while the page's own code is: whoever shows it asks again, and handles what goes wrong.
  loader: ({ context: { api, queryClient }, params, deps }) => {
    queryClient.infiniteQuery(tableQuery(api, params, deps)).catch(() => undefined);
  },
  component: lazyRouteComponent(async () => import("./pages/ResourcePage.tsx"), "ResourcePage"),
});

const named = createRoute({
  getParentRoute: () => cluster,
  path: "/$resource/named",
  validateSearch: (search): { name?: string; namespace?: string | undefined } =>
    pickTexts(search, ["name", "namespace"]),
  component: lazyRouteComponent(async () => import("./pages/NamedPage.tsx"), "NamedPage"),
});

const tabs: readonly ObjectTab[] = ["summary", "yaml", "collected"];

const object = createRoute({
  getParentRoute: () => cluster,
  path: "/$resource/$uid",
  validateSearch: (search): { tab?: ObjectTab | undefined } => ({
    tab: tabs.find((tab) => tab === search["tab"]),
  }),
  component: lazyRouteComponent(async () => import("./pages/ObjectPage.tsx"), "ObjectPage"),
});

export function createConsoleRouter(context: RouterContext) {
  return createRouter({
    routeTree: root.addChildren([
      home,
      signIn,
      join,
      shell.addChildren([
        clusters,
        settings,
        register,
        findings,
        cluster.addChildren([clusterOverview, clusterFindings, collected, resource, named, object]),
      ]),
    ]),
    context,
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- declaration merging needs an interface
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
