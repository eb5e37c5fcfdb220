/**
 * Which version of the API a request is for, and what is to be answered.
 *
 * The URL chooses it (`/api/v1/…`, `/api/v2/…`), because that can be seen, linked to, logged and tried in a browser. At
 * the addresses without a version (`/api/…`) the header `Accept: application/vnd.baton.v2+json` does, because an
 * address that is kept for years should not name the form in which it was once read. A request with neither gets the
 * first version, and will when there is a third. A request that names two different versions is refused.
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

/** The one of `types` that this `Accept` prefers; undefined when it accepts none. */
export type PreferredType = (accept: string | undefined, types: readonly string[]) => string | undefined;

/** Chooses the version and the media type of an answer. Fails with `not_acceptable`, which lists the offers. */
export function makeNegotiate(preferred: PreferredType) {
  return (accept: string | undefined, versions: readonly Version[], forms: readonly string[]): Negotiated => {
    const offers = offersOf(versions, forms);
    const types = offers.map(({ type }) => type);
    const liked = preferred(accept, types);
    const offer = offers.find(({ type }) => type === liked);
    if (offer) return offer;
    throw new AppError("not_acceptable", `here is: ${types.join(", ")}`);
  };
}

/** The error for an address with an unknown version; undefined for all other addresses. */
export function unknownVersion(path: string): AppError | undefined {
  const asked = /^\/api\/(v\d+)(\/|$)/.exec(path)?.[1];
  if (asked === undefined || VERSIONS.some((version) => version === asked)) return undefined;
  return new AppError("not_acceptable", `there is no such version; here is: ${VERSIONS.join(", ")}`);
}
