/** The catalogue's operations in the OpenAPI document. */
import * as z from "zod";
import { body, keyed, located, type Operations, type Parts, problems } from "../openapi-parts.ts";
import { ItemsQuery, RestockBody, Sku } from "./items.ts";

const path = z.object({ sku: Sku });

export const itemOperations = ({ answer, item, price }: Parts): Operations => ({
  "post /items": {
    summary: "Add an item to the catalogue",
    description:
      "Only where faults are on. The SKU names the item: the same one with the same content is the same item.",
    requestParams: keyed,
    requestBody: body(item),
    responses: {
      201: answer("The item, as it is now.", "item", located),
      ...problems(400, 403, 409, 413, 415, 422),
    },
  },
  "get /items": {
    summary: "The catalogue, by SKU",
    description: "As pages, with the items that are no longer sold.",
    requestParams: { query: ItemsQuery },
    responses: { 200: answer("The items.", "items"), ...problems(400) },
  },
  "get /items/{sku}": {
    summary: "An item",
    requestParams: { path },
    responses: { 200: answer("The item.", "item"), ...problems(404) },
  },
  "put /items/{sku}/price": {
    summary: "Set the price of an item",
    description: "Only where faults are on. Orders that were placed keep theirs.",
    requestParams: { path },
    requestBody: body(price),
    responses: { 200: answer("The item.", "item"), ...problems(400, 403, 404, 409, 413, 415, 422) },
  },
  "post /items/{sku}/restocks": {
    summary: "Add to the stock of an item",
    description: "Only where faults are on. With the key of an earlier request nothing more is added.",
    requestParams: { path, ...keyed },
    requestBody: body(RestockBody),
    responses: { 200: answer("The item.", "item"), ...problems(400, 403, 404, 409, 413, 415, 422) },
  },
  "delete /items/{sku}": {
    summary: "Retire an item",
    description: "Only where faults are on. It can no longer be ordered; orders that were placed stay.",
    requestParams: { path },
    responses: { 200: answer("The item, retired.", "item"), ...problems(403, 404) },
  },
});
