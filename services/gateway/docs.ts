/** The list of what this address offers, and a page to read the API: Swagger UI, served from its package. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { Context, Hono } from "../_kit/http/app.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Ids } from "./shape.ts";
import { VERSIONS, vendorType } from "./version.ts";

export interface DocsDeps {
  readonly ids: () => Ids;
  /** The OpenAPI document. Called at the first request, so that the start does not wait for it. */
  readonly document: () => Promise<object>;
}

/** Files of the package, with their media types. */
const ASSETS: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Baton: the shop's API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
`;

/** A file of its own: the policy allows no script inside the page. */
const START = `SwaggerUIBundle({ url: "openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });\n`;

/** Swagger UI sets styles from its script, which needs no exception. Its images are data URLs. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const DAY_S = 86_400;

/** Adds `/`, `/openapi.json` and `/docs` to `app`. */
export function addDocs(app: Hono, { ids, document }: DocsDeps): void {
  app.get("/", (c) =>
    c.json({
      name: "Baton, a shop to trace",
      documentation: "/docs",
      openapi: "/openapi.json",
      versions: VERSIONS.map((version) => ({
        version,
        url: `/api/${version}`,
        accept: vendorType(version),
      })),
      ...ids(),
    }),
  );
  app.get("/openapi.json", async (c) => c.json(await document()));
  app.get("/docs", (c) => send(c, PAGE, "text/html; charset=utf-8"));
  app.get("/docs/:file", async (c) => {
    const file = c.req.param("file");
    if (file === "start.js") return send(c, START, "text/javascript; charset=utf-8");
    const type = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined;
    if (type === undefined) throw new AppError("not_found", "there is no such file");
    c.header("Cache-Control", `max-age=${DAY_S}`);
    return send(c, await asset(file), type);
  });
}

function send(c: Context, body: string | Uint8Array<ArrayBuffer>, type: string): Response {
  return c.body(body, 200, {
    "content-type": type,
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
  });
}

async function asset(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const packageFile = createRequire(import.meta.url).resolve("swagger-ui-dist/package.json");
  return new Uint8Array(await readFile(path.join(path.dirname(packageFile), file)));
}
