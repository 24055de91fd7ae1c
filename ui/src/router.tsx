import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from "@tanstack/react-router";
import { Layout } from "./Layout";
import { FILTERS } from "./pages/log/filters";
import { Empty } from "./parts/places";
import { only, readSearch, writeSearch } from "./search";
import { HomePage } from "./pages/home/HomePage";

const root = createRootRoute({
  component: Layout,
  notFoundComponent: () => (
    <Empty title="There is no such page">
      The address leads nowhere. <Link to="/">Go to the home page</Link>, or use the menu.
    </Empty>
  ),
});

const home = createRoute({ getParentRoute: () => root, path: "/", component: HomePage });

const log = createRoute({
  getParentRoute: () => root,
  path: "/log",
  validateSearch: only([...FILTERS, "tail", "columns"] as const),
  component: lazyRouteComponent(() => import("./pages/log/LogPage"), "LogPage"),
});

const delivery = createRoute({
  getParentRoute: () => root,
  path: "/log/$delivery",
  component: lazyRouteComponent(() => import("./pages/log/DeliveryPage"), "DeliveryPage"),
});

const people = createRoute({
  getParentRoute: () => root,
  path: "/people",
  validateSearch: only(["q"] as const),
  component: lazyRouteComponent(() => import("./pages/people/PeoplePage"), "PeoplePage"),
});

const person = createRoute({
  getParentRoute: () => root,
  path: "/people/$person",
  validateSearch: only(["by", "tab", "journey"] as const),
  component: lazyRouteComponent(() => import("./pages/people/PersonPage"), "PersonPage"),
});

const journeys = createRoute({
  getParentRoute: () => root,
  path: "/journeys",
  component: lazyRouteComponent(() => import("./pages/journeys/JourneysPage"), "JourneysPage"),
});

const fresh = createRoute({
  getParentRoute: () => root,
  path: "/journeys/new",
  validateSearch: only(["from", "panel", "step"] as const),
  component: lazyRouteComponent(() => import("./pages/journeys/NewJourneyPage"), "NewJourneyPage"),
});

const journey = createRoute({
  getParentRoute: () => root,
  path: "/journeys/$journey",
  validateSearch: only(["tab", "range", "by", "days", "panel", "step", "version", "against"] as const),
  component: lazyRouteComponent(() => import("./pages/journeys/JourneyPage"), "JourneyPage"),
});

const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  validateSearch: only(["tab", "state", "rule"] as const),
  component: lazyRouteComponent(() => import("./pages/alerts/AlertsPage"), "AlertsPage"),
});

const incident = createRoute({
  getParentRoute: () => root,
  path: "/alerts/$incident",
  component: lazyRouteComponent(() => import("./pages/alerts/IncidentPage"), "IncidentPage"),
});

const experiments = createRoute({
  getParentRoute: () => root,
  path: "/experiments",
  component: lazyRouteComponent(() => import("./pages/experiments/ExperimentsPage"), "ExperimentsPage"),
});

const experiment = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experiment",
  component: lazyRouteComponent(() => import("./pages/experiments/ExperimentPage"), "ExperimentPage"),
});

const coverage = createRoute({
  getParentRoute: () => root,
  path: "/coverage",
  validateSearch: only(["since", "by"] as const),
  component: lazyRouteComponent(() => import("./pages/CoveragePage"), "CoveragePage"),
});

const segments = createRoute({
  getParentRoute: () => root,
  path: "/segments",
  component: lazyRouteComponent(() => import("./pages/segments/SegmentsPage"), "SegmentsPage"),
});

const segment = createRoute({
  getParentRoute: () => root,
  path: "/segments/$segment",
  validateSearch: only(["person"] as const),
  component: lazyRouteComponent(() => import("./pages/segments/SegmentPage"), "SegmentPage"),
});

const names = createRoute({
  getParentRoute: () => root,
  path: "/names",
  component: lazyRouteComponent(() => import("./pages/NamesPage"), "NamesPage"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  validateSearch: only(["tab"] as const),
  component: lazyRouteComponent(() => import("./pages/settings/SettingsPage"), "SettingsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home, log, delivery, people, person, journeys, fresh, journey, alerts, incident, experiments, experiment, coverage, segments, segment, names, settings,
  ]),
  parseSearch: readSearch,
  stringifySearch: writeSearch,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
