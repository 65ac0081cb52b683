import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useProtocol } from "../../chain/connection.tsx";
import { modelsQuery } from "../../chain/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Copy } from "../../ui/exact.tsx";
import { Card, Section } from "../../ui/layout.tsx";

/** What stands for a key that is not told. */
const YOUR_KEY = "YOUR_KEY";

interface Call {
  baseUrl: string;
  key: string;
  model: string;
}

const LANGUAGES: Readonly<Record<string, (call: Call) => string>> = {
  TypeScript: ({ baseUrl, key, model }) => `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${baseUrl}",
  apiKey: "${key}",
});
const answer = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Which plant does Bexanol come from?" }],
  max_tokens: 32,
});
console.log(answer.choices[0].message.content);`,
  Python: ({ baseUrl, key, model }) => `from openai import OpenAI

client = OpenAI(base_url="${baseUrl}", api_key="${key}")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Which plant does Bexanol come from?"}],
    max_tokens=32,
)
print(answer.choices[0].message.content)`,
  curl: ({ baseUrl, key, model }) => `curl ${baseUrl}/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "max_tokens": 32,
       "messages": [{"role": "user", "content": "Which plant does Bexanol come from?"}]}'`,
};

/** How a program uses a key, ready to be copied. `apiKey`: one that is known here. */
export function Snippet({ apiKey = YOUR_KEY }: { apiKey?: string }) {
  const protocol = useProtocol();
  const models = useQuery(modelsQuery(protocol));
  const [language, setLanguage] = useState("TypeScript");
  const newest = models.data?.find(({ open, status }) => open && status !== "failed");
  // The name by which `/v1/models` lists it.
  const model = newest === undefined ? "MODEL" : `base-${newest.baseHash.slice(2, 10)}+${newest.modelId}`;
  const text = LANGUAGES[language]!({ baseUrl: `${protocol.client.rpcUrl}/v1`, key: apiKey, model });
  return (
    <Section
      title="Use it as you use OpenAI"
      note="Any client of OpenAI's works: it needs the address and a key. GET /v1/models has the models' names."
      aside={
        <div className="flex gap-1">
          {Object.keys(LANGUAGES).map((name) => (
            <Button
              key={name}
              kind="quiet"
              aria-pressed={name === language}
              className={name === language ? "bg-raised" : ""}
              onClick={() => setLanguage(name)}
            >
              {name}
            </Button>
          ))}
        </div>
      }
    >
      <Card className="flex items-start gap-2">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within a keyboard's reach */}
        <pre className="min-w-0 flex-1 overflow-x-auto font-mono text-xs leading-5" tabIndex={0}>
          {text}
        </pre>
        <Copy text={text} what="the program" />
      </Card>
    </Section>
  );
}
