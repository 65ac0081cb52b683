import { describe, expect, it } from "vitest";
import { plainPostLength } from "./request-head.ts";

const head = (...lines: string[]) => ["POST / HTTP/1.1", ...lines].join("\r\n");
const ANY = ["*"];

describe("the head of a plain request", () => {
  it("tells the body's length, whatever of the idle headers it has", () => {
    expect(plainPostLength(head("host: a", "content-length: 12"), ANY)).toBe(12);
    const more = [
      "Content-Type:application/json",
      "Connection: Keep-Alive",
      "user-agent: \tx y ",
      "accept: */*",
    ];
    expect(plainPostLength(head("Host: a:1", ...more, "Content-Length: 0"), ANY)).toBe(0);
    expect(plainPostLength(head("host: 127.0.0.1:8545", "content-length: 3"), ["node.example"])).toBe(3);
  });

  it.each([
    ["no host", ["content-length: 3"]],
    ["no length", ["host: a"]],
    ["another's host", ["host: b", "content-length: 3"]],
    ["a length twice", ["host: node.example", "content-length: 3", "Content-Length: 3"]],
    ["a length with a sign", ["host: node.example", "content-length: +3"]],
    ["a length with zeros", ["host: node.example", "content-length: 03"]],
    ["two lengths in one", ["host: node.example", "content-length: 3, 3"]],
    ["a huge length", ["host: node.example", "content-length: 99999999999999999999"]],
    ["chunks", ["host: node.example", "content-length: 3", "transfer-encoding: chunked"]],
    ["a space before the colon", ["host: node.example", "content-length : 3"]],
    ["no name", ["host: node.example", ": x", "content-length: 3"]],
    ["no colon", ["host: node.example", "accept", "content-length: 3"]],
    ["a folded line", ["host: node.example", "accept: a", " b", "content-length: 3"]],
    ["a bare line feed", ["host: node.example\nx: y", "content-length: 3"]],
    ["a control character", ["host: node.example", "accept: \u0001", "content-length: 3"]],
    ["a byte above ASCII", ["host: node.example", "accept: \u00e9", "content-length: 3"]],
    ["an origin", ["host: node.example", "origin: https://a.example", "content-length: 3"]],
    ["an upgrade", ["host: node.example", "connection: upgrade", "content-length: 3"]],
    ["another type", ["host: node.example", "content-type: text/html", "content-length: 3"]],
    ["too much of it", ["host: node.example", `accept: ${"x".repeat(5_000)}`, "content-length: 3"]],
  ])("leaves %s to others", (_, lines) => {
    expect(plainPostLength(head(...lines), ["node.example"])).toBeUndefined();
  });

  it.each(["POST /x HTTP/1.1", "POST / HTTP/1.0", "GET / HTTP/1.1", "POST  / HTTP/1.1"])(
    "leaves %s to others",
    (line) => {
      expect(plainPostLength(`${line}\r\nhost: a\r\ncontent-length: 3`, ANY)).toBeUndefined();
    },
  );

  it("is read in time that grows with its length alone", () => {
    const long = head(`accept:${" ".repeat(3_900)}\u0001`);
    const start = performance.now();
    for (let i = 0; i < 2_000; i++) plainPostLength(long, ANY);
    // Trying every way to share the spaces out would take a minute.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
