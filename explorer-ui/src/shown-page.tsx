import { Link } from "./location/link.tsx";
import type { Page } from "./location/pages.ts";
import { ArtifactPage } from "./pages/artifact/artifact-page.tsx";
import { ArtifactsPage } from "./pages/artifacts/artifacts-page.tsx";
import { Empty } from "./parts/notices.tsx";

/** The page that the path names. */
export function ShownPage({ page }: { readonly page: Page }) {
  return page.kind === "artifact" ? (
    <ArtifactPage key={page.address} address={page.address} />
  ) : page.kind === "artifacts" ? (
    <ArtifactsPage />
  ) : (
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
