/**
 * Which version of the API a request is for, and what is to be answered.
 *
 * Chosen by the URL (`/api/v1/…`, `/api/v2/…`), because that is what one can see, link to, log and try in a browser; or,
 * at the addresses without a version (`/api/…`), by `Accept: application/vnd.baton.v2+json`, because an address that is
 * kept for years should not name the form in which it was once read. Without either it is the first version: who says
 * nothing now must get the same when there is a third. Who asks in two ways for two versions is refused, not guessed at.
 */
import { AppError } from "../_kit/process/errors.ts";

export const VERSIONS = ["v1", "v2"] as const;
export type Version = (typeof VERSIONS)[number];

/** Where the API is served: in each version, and in that which is negotiated. */
export const BASES: readonly { readonly base: string; readonly versions: readonly Version[] }[] = [
  { base: "/api/v1", versions: ["v1"] },
  { base: "/api/v2", versions: ["v2"] },
  { base: "/api", versions: VERSIONS },
];

export const JSON_TYPE = "application/json";
export const vendorType = (version: Version): string => `application/vnd.baton.${version}+json`;

export interface Negotiated {
  readonly version: Version;
  /** The media type of the answer. */
  readonly type: string;
}

/** What can be answered at a base, the preferred one first. `forms`: media types of which each version has one form. */
export function offersOf(versions: readonly Version[], forms: readonly string[]): Negotiated[] {
  const [first = "v1"] = versions;
  return [
    ...forms.map((type) => ({ version: first, type })),
    ...(forms.includes(JSON_TYPE) ? versions.map((version) => ({ version, type: vendorType(version) })) : []),
  ];
}

/**
 * What of it the client likes best (RFC 9110, 12.5.1); the first that it takes when several are alike. Fails with
 * `not_acceptable`, which says what there is.
 */
export function negotiate(
  accept: string | undefined,
  versions: readonly Version[],
  forms: readonly string[],
): Negotiated {
  const offers = offersOf(versions, forms);
  const ranges = parseAccept(accept ?? "*/*");
  const liked = offers
    .map((offer) => ({ offer, quality: qualityOf(offer.type, ranges) }))
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  if (liked[0]) return liked[0].offer;
  throw new AppError("not_acceptable", `here is: ${offers.map(({ type }) => type).join(", ")}`);
}

/** Of an address that names a version which is not there; undefined of all others. */
export function unknownVersion(path: string): AppError | undefined {
  const asked = /^\/api\/(v\d+)(\/|$)/.exec(path)?.[1];
  if (asked === undefined || VERSIONS.some((version) => version === asked)) return undefined;
  return new AppError("not_acceptable", `there is no such version; here is: ${VERSIONS.join(", ")}`);
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

/** Parameters other than `q` are passed over. A range that cannot be read is none. */
function parseAccept(accept: string): Range[] {
  return accept.split(",").flatMap((part) => {
    const [type = "", ...parameters] = part.split(";").map((piece) => piece.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    const quality = weight === undefined ? 1 : Number(weight);
    return type !== "" && quality >= 0 && quality <= 1 ? [{ type, quality }] : [];
  });
}

/** By the most specific range that fits. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const fitting = [type, `${type.split("/")[0]}/*`, "*/*"];
  for (const wanted of fitting) {
    const range = ranges.find((candidate) => candidate.type === wanted);
    if (range) return range.quality;
  }
  return 0;
}
