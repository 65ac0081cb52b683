import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useConnection } from "../chain/connection.tsx";
import { type Session, signIn, useSession } from "../chain/session.ts";
import { useSigner } from "../chain/signer.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Problem } from "../ui/states.tsx";

/** Shows what needs a sign-in to who has one, and to others how to come by it. */
export function SignInGate({
  why = "Training takes this node's machine: it wants to know for whom.",
  children,
}: {
  /** Why a sign-in is wanted. */
  why?: string;
  children: (session: Session) => ReactNode;
}) {
  const connection = useConnection();
  const signer = useSigner();
  const session = useSession(signer);
  const signing = useMutation({ mutationFn: () => signIn(connection, signer!) });
  if (session !== undefined) return <>{children(session)}</>;
  if (signer === undefined)
    return <Empty title="Connect an account first.">{why} The button is at the top.</Empty>;
  return (
    <>
      <Empty title="Sign in with your account.">
        <p>One signature, no transaction: nothing is paid. It lasts twelve hours in this tab.</p>
        <Button kind="main" className="mt-4" disabled={signing.isPending} onClick={() => signing.mutate()}>
          {signing.isPending ? "Signing in…" : "Sign in"}
        </Button>
      </Empty>
      {signing.error === null ? null : <Problem error={signing.error} />}
    </>
  );
}
