/** The shop's users: signing up and looking up. */
import * as z from "zod";
import type { Vocabulary } from "../../_contracts/vocabulary.ts";
import { AppError } from "../../_kit/process/errors.ts";
import type { Note } from "../../_kit/telemetry/note.ts";

export interface User {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly createdAt: Date;
}

/** A request to sign up. The name is used in an e-mail, where a line break could begin a header. */
export const SignUp = z.object({
  idempotencyKey: z.string().regex(/^[\x21-\x7e]{1,512}$/, "visible ASCII only, 1 to 512 characters"),
  /** Of the request that the caller sent. The same key with another hash is another request. */
  requestHash: z.string().regex(/^[\x21-\x7e]{0,128}$/, "visible ASCII only, at most 128 characters"),
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, "no control characters and no line breaks"),
  email: z.email("an e-mail address, such as ann@example.org").max(254),
});
export type SignUp = z.output<typeof SignUp>;

export interface UserStore {
  find(userId: string): Promise<User | undefined>;
  /**
   * Stores the user and UserCreated in one transaction. `known`: this key has a user already. `taken`: another user
   * has this address; upper and lower case do not count.
   */
  create(
    user: SignUp & { userId: string },
  ): Promise<
    | { readonly kind: "created"; readonly user: User }
    | { readonly kind: "known"; readonly user: User; readonly requestHash: string }
    | { readonly kind: "taken" }
  >;
}

export interface Accounts {
  /** Fails with reasons `email_taken` and `idempotency_key_reused`. A repeated request gets the same answer. */
  create(request: SignUp): Promise<User>;
  /** Fails with `not_found`. */
  get(userId: string): Promise<User>;
}

export function makeAccounts(users: UserStore, note: Note<Vocabulary>, newId: () => string): Accounts {
  return {
    create: async (request) => {
      const made = await users.create({ ...request, userId: newId() });
      if (made.kind === "taken") {
        throw new AppError("already_exists", "this e-mail address has a user already", {
          reason: "email_taken",
        });
      }
      if (made.kind === "created") note("user.created", { userId: made.user.userId });
      else if (made.requestHash !== request.requestHash) {
        throw new AppError("invalid", "this idempotency key came with another request before", {
          reason: "idempotency_key_reused",
        });
      }
      return made.user;
    },
    get: async (userId) => {
      const user = await users.find(userId);
      if (user === undefined) throw new AppError("not_found", "there is no user with this id");
      return user;
    },
  };
}
