import { describe, expect, it } from "vitest";
import { capital, change, devices, place, sentence, silence } from "./words";

describe("words of coverage", () => {
  it("names places, and what it does not know as it is", () => {
    expect(place("not_stale")).toBe("Silent for 30 days");
    expect(place("some_new_step")).toBe("some new step");
  });

  it("gives changes their sign", () => {
    expect([change(1_200), change(-3), change(0)]).toEqual(["+1,200", "-3", "0"]);
  });

  it("counts devices and makes sentences", () => {
    expect([devices(1), devices(1_200)]).toEqual(["1 device", "1,200 devices"]);
    expect(capital("the token")).toBe("The token");
    expect(sentence("the token")).toBe("The token.");
  });

  it("tells how long tokens were silent", () => {
    expect([silence(0, 1), silence(1, 2), silence(30, 45)]).toEqual(["under a day", "1 d", "30–45 d"]);
  });
});
