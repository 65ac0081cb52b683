import { lazy, Suspense, useEffect, useState } from "react";
import { useConnection } from "../chain/connection.tsx";
import { restoreDevnetAccount, type Signer, useSigner } from "../chain/signer.ts";
import { buttonClass } from "../ui/button.tsx";
import { shorten } from "../ui/format.ts";
import { Badge } from "../ui/layout.tsx";

const AccountDialog = lazy(async () => ({ default: (await import("./account-dialog.tsx")).AccountDialog }));

/** Who signs: shown at the top, changed in a dialog. */
export function AccountButton() {
  const { site } = useConnection();
  const signer = useSigner();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => restoreDevnetAccount(site.accounts), [site.accounts]);
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        className={buttonClass(signer === undefined ? "main" : "plain")}
      >
        {signer === undefined ? "Connect" : <SignerName signer={signer} />}
      </button>
      {isOpen ? (
        <Suspense fallback={null}>
          <AccountDialog onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}

function SignerName({ signer }: { signer: Signer }) {
  return signer.kind === "devnet" ? (
    <>
      <span className="max-w-24 truncate">{signer.account.name}</span>
      <Badge tone="warn">devnet</Badge>
    </>
  ) : (
    <span className="font-mono text-xs">{shorten(signer.address)}</span>
  );
}
