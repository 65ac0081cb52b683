import { unless, type Verdict } from "./fault.ts";

const CHECKS: Readonly<Record<string, (url: string) => Promise<Verdict>>> = {
  "cors-authorization": async (url) => {
    const { headers } = await fetch(url, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });
    const allowed = headers.get("access-control-allow-headers") ?? "";
    return unless(/(^|[\s,])authorization([\s,]|$)/i.test(allowed), [...headers]);
  },
  "head-health": async (url) => {
    const response = await fetch(`${url}/health`, { method: "HEAD" });
    return unless(response.status === 200 && (await response.text()) === "", response.status);
  },
};

/** Runs an `http` file, whose request is written in words. */
export function checkHttp(name: string, url: string): Promise<Verdict> {
  const check = CHECKS[name];
  if (check === undefined) throw new Error(`no check is written for ${name}`);
  return check(url);
}
