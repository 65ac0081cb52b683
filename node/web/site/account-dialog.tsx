import { Close, Content, Description, Overlay, Portal, Root, Title } from "@radix-ui/react-dialog";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useConnection } from "../chain/connection.tsx";
import { LIVE, useLive } from "../chain/live-provider.tsx";
import {
  connectWallet,
  forgetSigner,
  type Signer,
  takeDevnetAccount,
  useSigner,
  useWallets,
} from "../chain/signer.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Amount, Hex } from "../ui/exact.tsx";
import { Badge } from "../ui/layout.tsx";
import { Problem } from "../ui/states.tsx";

/** The choice of who signs. */
export function AccountDialog({ onClose }: { onClose: () => void }) {
  const signer = useSigner();
  return (
    <Root open onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}>
      <Portal>
        <Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Content className="fixed inset-x-4 top-16 z-50 mx-auto max-h-[calc(100dvh-6rem)] max-w-lg overflow-y-auto rounded-xl border border-line bg-surface p-5 shadow-2xl">
          <Title className="text-lg font-semibold">Your account</Title>
          <Description className="mt-1 text-sm text-soft">
            It signs what you send from these pages. Keys stay in your browser.
          </Description>
          {signer === undefined ? null : <Current signer={signer} onClose={onClose} />}
          <Wallets onDone={onClose} />
          <DevnetAccounts onDone={onClose} />
          <Close className={`${buttonClass()} mt-5`}>Close</Close>
        </Content>
      </Portal>
    </Root>
  );
}

function Current({ signer, onClose }: { signer: Signer; onClose: () => void }) {
  const { client } = useConnection();
  const { head } = useLive();
  const balance = useQuery({
    queryKey: [LIVE, "balance", signer.address, head?.hash],
    queryFn: () => client.public.getBalance({ address: signer.address }),
    placeholderData: (before) => before,
  });
  return (
    <div className="mt-4 flex flex-wrap items-center justify-between gap-2 rounded-lg bg-raised p-3 text-sm">
      <Hex hex={signer.address} what="address" />
      {balance.data === undefined ? null : <Amount wei={balance.data} />}
      <Link to="/purse" onClick={onClose} className="text-accent underline">
        Purse
      </Link>
      <Button onClick={forgetSigner}>Disconnect</Button>
    </div>
  );
}

function Wallets({ onDone }: { onDone: () => void }) {
  const wallets = useWallets();
  const connecting = useMutation({ mutationFn: connectWallet, onSuccess: onDone });
  return (
    <div className="mt-5">
      <h3 className="text-sm font-medium">Wallets in this browser</h3>
      {wallets.length === 0 ? (
        <p className="mt-1 text-sm text-soft">None announced itself (EIP-6963).</p>
      ) : (
        <div className="mt-2 flex flex-wrap gap-2">
          {wallets.map((wallet) => (
            <Button
              key={wallet.rdns}
              disabled={connecting.isPending}
              onClick={() => connecting.mutate(wallet)}
            >
              {wallet.name}
            </Button>
          ))}
        </div>
      )}
      {connecting.error === null ? null : (
        <div className="mt-3">
          <Problem error={connecting.error} />
        </div>
      )}
    </div>
  );
}

function DevnetAccounts({ onDone }: { onDone: () => void }) {
  const { accounts } = useConnection().site;
  if (accounts.length === 0) return null;
  return (
    <div className="mt-5">
      <h3 className="flex items-center gap-2 text-sm font-medium">
        Accounts of this devnet <Badge tone="warn">public keys</Badge>
      </h3>
      <p className="mt-1 text-sm text-soft">
        Everybody knows their keys. They are for trying things out: never send them anything of value.
      </p>
      <ul className="mt-2 grid gap-1 sm:grid-cols-2">
        {accounts.map((account) => (
          <li key={account.address}>
            <button
              type="button"
              onClick={() => {
                takeDevnetAccount(account);
                onDone();
              }}
              className="w-full rounded-md border border-line px-3 py-2 text-left text-sm hover:bg-raised"
            >
              <span className="font-medium">{account.name}</span>
              <span className="block text-xs text-soft">{account.purpose}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
