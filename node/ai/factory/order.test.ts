import { expect, test } from "vitest";
import { checkMethod, defaultMethod } from "../train/method.ts";
import { defaultSettings, methodOf } from "./order.ts";

test("settings as they begin give the default method, whatever the base model and the rows", () => {
  for (const parameters of [2_000_000, 135_000_000, 1_200_000_000, 8_000_000_000])
    for (const rows of [1, 500, 501, 50_000]) {
      const made = checkMethod(methodOf(defaultSettings(parameters, rows), parameters, rows));
      expect([parameters, rows, made]).toEqual([parameters, rows, defaultMethod(parameters, rows)]);
    }
});

test("another rank keeps the strength that an adapter is added with", () => {
  expect(methodOf({ ...defaultSettings(1), rank: 4 }, 1, 8).lora).toMatchObject({ rank: 4, alpha: 8 });
  expect(methodOf({ ...defaultSettings(1, 501), rank: 4 }, 1, 501).lora).toMatchObject({ rank: 4, alpha: 4 });
});
