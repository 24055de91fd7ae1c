import { expect, it } from "vitest";
import { personOf, profileData, sampleData } from "./preview";

it("fills in what templates read of the event, and leaves what is known", () => {
  const reads = ["customer.first_name", "event.url", "event.cart.total", "event.items[].name"];
  expect(sampleData(reads, { cart: { total: 5, id: "c" } })).toEqual({
    cart: { total: 5, id: "c" }, url: "https://shop.example/item", items: [{ name: "name" }],
  });
  expect(sampleData([], undefined)).toEqual({});
});

it("takes the data of the first input of the test profiles", () => {
  expect(profileData({ inputs: [{ set: {} }, { event: "e", data: { a: 1 } }], cases: [] })).toEqual({ a: 1 });
  expect(profileData([{ inputs: [{ event: "e", data: { b: 2 } }] }])).toEqual({ b: 2 });
  expect(profileData(undefined)).toBeUndefined();
});

it("tells an address from an id", () => {
  expect(personOf(" ann ")).toEqual({ id: "ann" });
  expect(personOf("ann@shop.example")).toEqual({ email: "ann@shop.example" });
  expect(personOf(" ")).toBeUndefined();
});
