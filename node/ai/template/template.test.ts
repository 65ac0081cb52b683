import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../base/paths.ts";
import { renderInModule, templateModule } from "./module.ts";
import { TemplateRenderer } from "./renderer.ts";

interface LanguageCase {
  template: string;
  variables?: Record<string, unknown>;
  now?: [number, number, number, number, number, number];
  /** What Jinja2 3.1.6 gives; absent where it raises. */
  text?: string;
}

const language = JSON.parse(readFileSync(join(packageRoot(), "node/ai/template/language.json"), "utf8")) as {
  variables: Record<string, unknown>;
  cases: LanguageCase[];
};
const SLOW =
  "{% set s = 'ab' * 3000000 %}{% set t = s ~ '' %}{% for i in range(90000) %}{{ s == t }}{% endfor %}";

const module = templateModule();

describe("the language of chat templates, beside Jinja2 as transformers sets it up", () => {
  test.each(language.cases)("$template", ({ template, variables = language.variables, now, text }) => {
    const [year, month, day, hour, minute, second] = now ?? [];
    const clock =
      now === undefined
        ? undefined
        : {
            year: year!,
            month: month!,
            day: day!,
            hour: hour!,
            minute: minute!,
            second: second!,
            microsecond: 0,
          };
    const answer = renderInModule(module, { template, variables, clock });
    if (text === undefined) expect(answer).not.toHaveProperty("text");
    else expect(answer).toEqual({ text });
  });
});

describe("templates of strangers", () => {
  const renderer = new TemplateRenderer();
  afterAll(() => renderer.close());
  const render = (template: string) =>
    renderer.render({ template, variables: { messages: [{ role: "user", content: "x" }] } });
  // On a busy machine the time may be over first.
  const limit = { code: expect.stringMatching(/^TEMPLATE_(LIMIT|CUT_OFF)$/) };

  test.each([
    ["loops", "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"],
    ["a large repetition", "{{ 'x' * 1000000000 }}"],
    ["a large list", "{{ [0] * 100000000 }}"],
    ["a wide number", "{{ '%999999999d' | format(1) }}"],
    ["a wide field", "{{ '{:999999999}'.format(1) }}"],
    [
      "a deep list",
      "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
    ],
    ["many signs", `{{ ${"-".repeat(60_000)}1 }}`],
    ["many filters", `{{ 'x'${" | upper".repeat(30_000)} }}`],
    ["a large template", "x".repeat(300_000)],
  ])("%s: cut off", async (_, template) => {
    const before = process.memoryUsage().rss;
    await expect(render(template)).rejects.toMatchObject(limit);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
    await expect(render("{{ messages[0].content }}")).resolves.toBe("x");
  });

  test("a render that does not end holds up neither the caller nor those that come later", async () => {
    // Comparisons cost no fuel.
    const cut = render(SLOW);
    const later = render("{{ messages | length }}");
    let ticks = 0;
    const clock = setInterval(() => ticks++, 10);
    await expect(cut).rejects.toMatchObject({ code: "TEMPLATE_CUT_OFF", severity: "temporary" });
    clearInterval(clock);
    expect(ticks).toBeGreaterThan(5);
    await expect(later).resolves.toBe("1");
  });

  test.each([
    ["{{ ''.__class__.__mro__ }}", "TEMPLATE_FAILED"],
    ["{{ messages.__class__ }}", undefined],
    ["{{ x.y }}", "TEMPLATE_FAILED"],
    ["{{ messages | frobnicate }}", "TEMPLATE_INVALID"],
    ["{% frobnicate %}", "TEMPLATE_INVALID"],
    ["{% include 'x' %}", "TEMPLATE_INVALID"],
    ["{{ strftime_now('%Y') }}", "TEMPLATE_FAILED"],
  ])("%s", async (template, code) => {
    if (code === undefined) await expect(render(template)).resolves.toBe("");
    else await expect(render(template)).rejects.toMatchObject({ code });
  });

  test("a template's own refusal comes with its words", async () => {
    await expect(render("{{ raise_exception('no ' ~ messages[0].content) }}")).rejects.toMatchObject({
      code: "TEMPLATE_RAISED",
      facts: { reason: "no x" },
    });
  });

  test("the renderer starts again after it was closed", async () => {
    await expect(render("a")).resolves.toBe("a");
    const waiting = expect(render("b")).rejects.toMatchObject({ code: "SERVICE_STOPPED" });
    await renderer.close();
    await waiting;
    await expect(render("c")).resolves.toBe("c");
  });
});
