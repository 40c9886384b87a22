/** Every page and its address. What a page shows stands in its address: it can be reloaded, kept and handed over. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from "@tanstack/react-router";
import { LinkPage } from "#console/session/link-page.tsx";
import { WallPage } from "#console/live/wall-page.tsx";
import { NotFound, Broken } from "#console/ui/fallbacks.tsx";
import { Shell } from "#console/ui/shell.tsx";

type Search = { city?: string };
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
/** Only what is there: an absent name does not stand in the address. */
const texts = <N extends string>(search: Record<string, unknown>, names: readonly N[]): { [K in N]?: string } =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = text(search[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  ) as { [K in N]?: string };

const root = createRootRoute({
  validateSearch: (search: Record<string, unknown>): Search => texts(search, ["city"]),
  search: { middlewares: [retainSearchParams(["city"])] },
  notFoundComponent: NotFound,
  errorComponent: Broken,
});
const firstAccess = createRoute({ getParentRoute: () => root, path: "/first-access", component: LinkPage });
const newPassword = createRoute({ getParentRoute: () => root, path: "/new-password", component: LinkPage });
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

const wall = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: (search: Record<string, unknown>) => texts(search, ["columns"]),
  component: WallPage,
});
const cameras = createRoute({
  getParentRoute: () => shell,
  path: "/cameras",
  validateSearch: (search: Record<string, unknown>) => texts(search, ["tab"]),
  component: lazyRouteComponent(() => import("#console/cameras/cameras-page.tsx"), "CamerasPage"),
});
const newCamera = createRoute({
  getParentRoute: () => shell,
  path: "/cameras/new",
  component: lazyRouteComponent(() => import("#console/cameras/new-camera-page.tsx"), "NewCameraPage"),
});
/** `at`: the instant that is shown, RFC 3339; absent is live. `day`: the day of the timeline, YYYY-MM-DD. */
const camera = createRoute({
  getParentRoute: () => shell,
  path: "/cameras/$cameraId",
  validateSearch: (search: Record<string, unknown>) => texts(search, ["at", "day"]),
  component: lazyRouteComponent(() => import("#console/timeline/camera-page.tsx"), "CameraPage"),
});
const clips = createRoute({
  getParentRoute: () => shell,
  path: "/clips",
  validateSearch: (search: Record<string, unknown>) => texts(search, ["camera"]),
  component: lazyRouteComponent(() => import("#console/timeline/clips-page.tsx"), "ClipsPage"),
});
/** `read`: whose details are open. The rest is what a search was asked with; it is not run again by opening its address. */
const plates = createRoute({
  getParentRoute: () => shell,
  path: "/plates",
  validateSearch: (search: Record<string, unknown>) =>
    texts(search, ["tab", "camera", "read", "plate", "purpose", "reference", "from", "to", "everywhere", "review"]),
  component: lazyRouteComponent(() => import("#console/plates/plates-page.tsx"), "PlatesPage"),
});
const alerts = createRoute({
  getParentRoute: () => shell,
  path: "/alerts",
  validateSearch: (search: Record<string, unknown>) => texts(search, ["tab", "alert"]),
  component: lazyRouteComponent(() => import("#console/alerts/alerts-page.tsx"), "AlertsPage"),
});
const watchlists = createRoute({
  getParentRoute: () => shell,
  path: "/watchlists",
  validateSearch: (search: Record<string, unknown>) => texts(search, ["list"]),
  component: lazyRouteComponent(() => import("#console/alerts/watchlists-page.tsx"), "WatchlistsPage"),
});
const users = createRoute({
  getParentRoute: () => shell,
  path: "/users",
  validateSearch: (search: Record<string, unknown>) => texts(search, ["tab"]),
  component: lazyRouteComponent(() => import("#console/admin/users-page.tsx"), "UsersPage"),
});

const tree = root.addChildren([
  firstAccess,
  newPassword,
  shell.addChildren([wall, cameras, newCamera, camera, clips, plates, alerts, watchlists, users]),
]);
export const router = createRouter({ routeTree: tree, defaultPreload: "intent", scrollRestoration: true });

declare module "@tanstack/react-router" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- merging is how the library learns our routes
  interface Register {
    router: typeof router;
  }
}
