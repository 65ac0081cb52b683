import type { RpcConnection, RpcHub } from "../../types.ts";

type Target = readonly [connection: RpcConnection, subscription: string];

/** One kind of event: it is listened for while anybody has subscribed to it, and made once for all of them. */
export class Topic {
  private readonly listen: (publish: (event: unknown) => void) => () => void;
  private readonly targets = new Map<RpcHub, Set<Target>>();
  private stop: (() => void) | undefined;

  /** `listen` starts listening; what it gives ends it. */
  constructor(listen: (publish: (event: unknown) => void) => () => void) {
    this.listen = listen;
  }

  /** The answer ends it. */
  join(connection: RpcConnection, subscription: string): () => void {
    const { hub } = connection;
    const target: Target = [connection, subscription];
    const targets = this.targets.get(hub) ?? new Set();
    targets.add(target);
    this.targets.set(hub, targets);
    this.stop ??= this.listen((event) => this.publish(event));
    return () => {
      targets.delete(target);
      if (targets.size === 0) this.targets.delete(hub);
      if (this.targets.size > 0) return;
      this.stop?.();
      this.stop = undefined;
    };
  }

  private publish(event: unknown): void {
    for (const [hub, targets] of this.targets) hub.publish(targets, event);
  }
}
