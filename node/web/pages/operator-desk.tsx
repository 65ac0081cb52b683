import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ShownSetting } from "../../api/site.ts";
import { useLive } from "../chain/live-provider.tsx";
import { logQuery, settingsQuery } from "../chain/operator.ts";
import type { Session } from "../chain/session.ts";
import { Cell, Section, Table } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { SignInGate } from "./sign-in-gate.tsx";

/** What only those see whom the operator names: settings and log. */
export function OperatorDesk() {
  return (
    <SignInGate why="Settings and log are for those whom this node's operator names.">
      {(session) => (
        <>
          <Settings session={session} />
          <Log session={session} />
        </>
      )}
    </SignInGate>
  );
}

function Settings({ session }: { session: Session }) {
  const query = useQuery(settingsQuery(session));
  const [isAll, setAll] = useState(false);
  return (
    <Section
      title="Settings"
      note="As they are in force. Keys and passwords are not told."
      aside={
        <label className="inline-flex items-center gap-2 text-sm">
          <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.target.checked)} />
          also those that nobody changed
        </label>
      }
    >
      <Loaded query={query} what="the settings" lines={6}>
        {(settings) => {
          const shown = settings.filter(({ isDefault }) => isAll || !isDefault);
          if (shown.length === 0) return <Empty title="Nobody changed any." />;
          return (
            <Table caption="Settings" head={["Setting", "Value", "What it is"]}>
              {shown.map((setting) => (
                <SettingLine key={setting.name} setting={setting} />
              ))}
            </Table>
          );
        }}
      </Loaded>
    </Section>
  );
}

function SettingLine({ setting: { name, value, about } }: { setting: ShownSetting }) {
  return (
    <tr>
      <Cell className="font-mono text-xs">{name}</Cell>
      <Cell className="max-w-xs min-w-40 font-mono text-xs break-all">{value ?? "–"}</Cell>
      <Cell className="min-w-60 text-soft">{about}</Cell>
    </tr>
  );
}

function Log({ session }: { session: Session }) {
  const { head } = useLive();
  const query = useQuery(logQuery(session, head));
  return (
    <Section title="Log" note="The newest lines; the whole is where the node writes it.">
      <Loaded query={query} what="the log" lines={8}>
        {(lines) =>
          lines.length === 0 ? (
            <Empty title="Nothing was logged yet." />
          ) : (
            <section
              aria-label="Log"
              className="max-h-96 overflow-auto rounded-lg border border-line bg-surface p-3"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within a keyboard's reach
              tabIndex={0}
            >
              <pre className="font-mono text-xs">{lines.join("\n")}</pre>
            </section>
          )
        }
      </Loaded>
    </Section>
  );
}
