import type { UploadOrder } from "../../ai/content/upload-order.ts";
import type { Hash } from "../../chain/types/primitives.ts";

/** A contribution on its way: kept in this browser until it is revealed, so that a reload or a crash loses no stake. */
export interface Draft {
  /** Root of its rows: one draft each. */
  rowsRoot: Hash;
  genesis: Hash;
  datanetId: string;
  name: string;
  /** The document's bytes. */
  bytes: Uint8Array;
  contentId: Hash;
  rowCount: number;
  salt: Hash;
  /** Decimal digits, once it is committed. */
  contributionId: string | undefined;
  /** The account's signature for its room on the node, once it was asked for. */
  upload?: UploadOrder;
}

const DATABASE = "openledger";
const STORE = "drafts";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "rowsRoot" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function within<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Keeps a draft, in place of an older one of the same rows. Resolves when it is on disk. */
export async function saveDraft(draft: Draft): Promise<void> {
  await within("readwrite", (store) => store.put(draft));
}

export async function dropDraft(rowsRoot: Hash): Promise<void> {
  await within("readwrite", (store) => store.delete(rowsRoot));
}

/** Drafts for a datanet of this chain. */
export async function draftsOf(genesis: Hash, datanetId: bigint): Promise<Draft[]> {
  const all = (await within("readonly", (store) => store.getAll())) as Draft[];
  return all.filter((draft) => draft.genesis === genesis && draft.datanetId === datanetId.toString());
}
