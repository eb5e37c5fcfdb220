/** Connects the accounts contract with the use cases. */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import * as z from "zod";
import { AccountService } from "../../_contracts/gen/baton/accounts/v1/accounts_pb.js";
import { keyText, parsed } from "../../_kit/process/payload.ts";
import { type Accounts, SignUp, type User } from "./accounts.ts";

const UserCall = z.object({ userId: keyText(128) });

export function accountsRoutes(accounts: Accounts) {
  return (router: ConnectRouter): void => {
    router.service(AccountService, {
      createUser: async (request) => ({
        user: toWire(await accounts.create(parsed("a user", SignUp, request))),
      }),
      getUser: async (request) => {
        const { userId } = parsed("a call for a user", UserCall, request);
        return { user: toWire(await accounts.get(userId)) };
      },
    });
  };
}

const toWire = ({ userId, name, email, createdAt }: User) => {
  return { userId, name, email, createdAt: timestampFromDate(createdAt) };
};
