import { type ComponentType, lazy, Suspense } from "react";
import { Link } from "./location/link.tsx";
import type { Page } from "./location/pages.ts";
import { ArtifactPage } from "./pages/artifact/artifact-page.tsx";
import { ArtifactsPage } from "./pages/artifacts/artifacts-page.tsx";
import { RunPage } from "./pages/runs/run-page.tsx";
import { RunsPage } from "./pages/runs/runs-page.tsx";
import { TroublePage } from "./pages/trouble/trouble-page.tsx";
import { WhyPage } from "./pages/why/why-page.tsx";
import { Empty, Loading } from "./parts/notices.tsx";

// These bring plots or the graph, which the first page does without.
const ComparePage = lazy(async () => ({ default: (await import("./pages/compare/compare-page.tsx")).ComparePage }));
const DiskPage = lazy(async () => ({ default: (await import("./pages/disk/disk-page.tsx")).DiskPage }));
const GraphPage = lazy(async () => ({ default: (await import("./pages/graph/graph-page.tsx")).GraphPage }));
const NamePage = lazy(async () => ({ default: (await import("./pages/name/name-page.tsx")).NamePage }));
const SweepPage = lazy(async () => ({ default: (await import("./pages/sweep/sweep-page.tsx")).SweepPage }));

type PlainPage = Exclude<Page["kind"], "artifact" | "name" | "run">;

const PAGES: Readonly<Record<PlainPage, ComponentType>> = {
  artifacts: ArtifactsPage,
  compare: ComparePage,
  disk: DiskPage,
  graph: GraphPage,
  runs: RunsPage,
  sweep: SweepPage,
  trouble: TroublePage,
  why: WhyPage,
  unknown: UnknownPage,
};

/** The page that the path names. */
export function ShownPage({ page }: { readonly page: Page }) {
  return <Suspense fallback={<Loading what="the page" />}>{shown(page)}</Suspense>;
}

function shown(page: Page) {
  if (page.kind === "artifact") return <ArtifactPage key={page.address} address={page.address} />;
  if (page.kind === "name") return <NamePage key={page.name} name={page.name} />;
  if (page.kind === "run") return <RunPage key={page.id} id={page.id} />;
  const Plain = PAGES[page.kind];
  return <Plain />;
}

function UnknownPage() {
  return (
    <main>
      <h1>There is no such page</h1>
      <Empty title="The explorer has no page at this path.">
        <p>
          <Link href="/">All artifacts</Link> are a good place to go on.
        </p>
      </Empty>
    </main>
  );
}
