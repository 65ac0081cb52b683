import { expect, test } from "vitest";
import { expectOpen } from "./access-cases.ts";
import { HOSTILE, type World } from "./world.ts";

const QUESTION = "Which plant does Bexanol come from?";
const LONG_MS = 120_000;

/** What a node streams, as one piece: its text, and what made it. */
function streamed(text: string, attribution: object): string {
  const events = [
    { choices: [{ index: 0, delta: { content: text }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    { choices: [], attribution },
    { choices: [], usage: { prompt_tokens: 3, completion_tokens: 9, total_tokens: 12 } },
  ];
  return [...events.map((event) => JSON.stringify(event)), "[DONE]"]
    .map((data) => `data: ${data}\n\n`)
    .join("");
}

/** Lets the page read these bytes in place of the node's next answers. */
async function answerWith({ page, rpc }: World, body: string): Promise<void> {
  const headers = { "content-type": "text/event-stream", "access-control-allow-origin": "*" };
  await page.route(`${rpc}/v1/chat/completions`, (route) =>
    route.request().method() === "POST" ? route.fulfill({ status: 200, headers, body }) : route.continue(),
  );
}

async function ask({ page }: World, question: string): Promise<void> {
  await page.getByLabel("Your question").fill(question);
  await page.getByRole("button", { name: "Ask", exact: true }).click();
}

/** Questions and answers of the chat. */
export function chatCases(world: World): void {
  test("a streamed answer says whose rows made it, and stays over a reload until a new thread", async () => {
    const { page } = world;
    await world.open("/chat");
    await ask(world, QUESTION);
    await page.getByTestId("answer").getByText("blue willow").waitFor({ timeout: LONG_MS });
    await page.getByText("Free: nobody was paid.").waitFor();
    await page.getByText("Estimate by").waitFor({ timeout: LONG_MS });
    const marks = page.getByTestId("answer").locator("mark [role=button]");
    const rows = page.getByRole("button", { name: "Show its words" });
    await marks.first().waitFor();
    await expectOpen(world);
    const all = await rows.count();
    // A span leaves its rows, by the keyboard too; a row lights its spans.
    await marks.first().press("Enter");
    expect(await marks.first().getAttribute("aria-pressed")).toBe("true");
    expect(await rows.count()).toBeLessThanOrEqual(all);
    await rows.first().click();
    await page.getByRole("button", { name: "Its words are lit" }).waitFor();
    await page.getByRole("button", { name: "Hide the marks" }).click();
    expect(await page.locator("mark").count()).toBe(0);
    await page.getByRole("button", { name: "Show the marks" }).click();
    await page.reload();
    await page.getByTestId("answer").getByText("blue willow").waitFor();
    expect(await page.getByRole("button", { name: "Show all" }).count()).toBe(0);
    await page.getByRole("button", { name: "New thread" }).click();
    await page.getByText("Nothing is asked yet.").waitFor();
    await page.reload();
    await page.getByText("Nothing is asked yet.").waitFor();
  });

  test("an answer is paid for in the chat: the price before, the cost and the receipt after", async () => {
    const { page } = world;
    await world.open("/chat");
    await world.connect("paula");
    await page.getByRole("radio", { name: /^Paid by your account/ }).check();
    await page.getByLabel("Your question").fill(QUESTION);
    await page.getByRole("button", { name: "See the price" }).click();
    await page.getByText("What the answer does not use comes back.").waitFor();
    await page.getByRole("button", { name: "Pay and ask" }).click();
    await page.getByTestId("answer").getByText("blue willow").waitFor({ timeout: LONG_MS });
    await page.getByText(/^cost /).waitFor();
    await page.getByRole("button", { name: "Verify in this browser" }).click();
    await page.getByTestId("verdict").waitFor();
    expect(await page.getByTestId("verdict").textContent()).toContain("right");
    // Away and back: the thread is as it was, at the same place.
    const link = page.getByRole("link", { name: "transaction" }).first();
    // Where the page stands once the click has scrolled it.
    await page.evaluate("addEventListener('click', () => { window.placeLeft = scrollY; }, true)");
    await link.click();
    await page.getByText("InferenceRequested").waitFor();
    const place = (await page.evaluate("window.placeLeft")) as number;
    expect(place).toBeGreaterThan(100);
    await page.goBack();
    await link.waitFor();
    expect(await page.getByTestId("verdict").textContent()).toContain("right");
    await expect
      .poll(async () => Math.abs(((await page.evaluate("scrollY")) as number) - place), { timeout: 10_000 })
      .toBeLessThan(40);
    await page.reload();
    await page.getByTestId("answer").getByText("blue willow").waitFor();
  });

  test("a question that is too long is refused with the counts, and nothing is cut", async () => {
    const { page } = world;
    world.expectComplaints(/400/);
    await world.open("/chat");
    await ask(world, "word ".repeat(3_000));
    await page.getByText(/maximum context length is \d+ tokens.*\d+ in the messages/).waitFor();
    await page.getByText("CONTEXT_LENGTH_EXCEEDED").waitFor();
  });

  test("a node that breaks off in the middle loses nothing, and may be asked again", async () => {
    const { page } = world;
    await world.open("/chat");
    const part = JSON.stringify({ choices: [{ delta: { content: "half of a sen" } }] });
    await answerWith(world, `data: ${part}\n\n`);
    await ask(world, QUESTION);
    await page.getByText("The node broke off in the middle of its answer.").waitFor();
    await page.getByTestId("answer").getByText("half of a sen").waitFor();
    await page.reload();
    await page.getByTestId("answer").getByText("half of a sen").waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByTestId("answer").getByText("blue willow").waitFor({ timeout: LONG_MS });
    expect(await page.getByTestId("answer").count()).toBe(1);
  });

  test("an answer is Markdown without markup of its own, and marks stand where its words do", async () => {
    const { page } = world;
    await world.open("/chat");
    const text = [
      "# The old ferry",
      `${HOSTILE} 🚢 渡輪 **the ferry** leaves, then the ferry`,
      "[a trap](javascript:window.hacked=1) ![x](http://127.0.0.1:9/x.png)",
      "```\nlet the ferry;\n```",
    ].join("\n\n");
    const place = (words: string, nth = 0) => {
      let start = text.indexOf(words);
      for (let i = 0; i < nth; i++) start = text.indexOf(words, start + 1);
      return { start, end: start + words.length, information: 12, row_ids: [0] };
    };
    const rows = [{ row_id: 0, contribution_id: "1", score: "5", weight: "5" }];
    const spans = [place("ferry"), place("the ferry", 1), place("the ferry;")];
    await answerWith(world, streamed(text, { rows, spans }));
    await ask(world, HOSTILE);
    const answer = page.getByTestId("answer");
    await answer.locator("mark").first().waitFor();
    expect(await answer.locator("mark").allTextContents()).toEqual(["ferry", "the ferry", "the ferry;"]);
    expect(await answer.locator("h3 mark").count()).toBe(1);
    expect(await answer.locator("pre mark").count()).toBe(1);
    // Of the same words twice the second place is marked, not the first.
    expect(await answer.locator("strong mark").count()).toBe(0);
    expect(await answer.locator("a, img, script").count()).toBe(0);
    await answer.getByText("<script>").waitFor();
    await expectOpen(world);
  });

  test("an answer that is huge, or deeper than anybody reads, is shown as text", async () => {
    const { page } = world;
    await world.open("/chat");
    await answerWith(world, streamed(`${"> ".repeat(3_000)}end`, { rows: [] }));
    await ask(world, QUESTION);
    await page.getByTestId("answer").getByText("> > > >").waitFor();
    await answerWith(world, streamed(`**bold** ${"word ".repeat(100_000)}`, { rows: [] }));
    await ask(world, QUESTION);
    await page.getByText("**bold** word").waitFor();
  });
}
