import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.ts";
import { aiError } from "../errors.ts";
import { inspectModel } from "../model/inspect.ts";
import { FEW_ROWS } from "../train/method.ts";
import { defaultSettings, type JobSettings } from "./order.ts";

/** The id of the base model that comes with the package. */
export const SHIPPED = "shipped";
const SHIPPED_FOLDER = join(packageRoot(), "node", "ai", "base-model", "model");
/** Of the package itself: what it makes is under the package's own. */
const SHIPPED_LICENCE = "as this package";
/** Base models that are listed. */
const MOST = 50;

/** A base model that the worker has. */
export interface BaseModel {
  id: string;
  family: string;
  parameters: number;
  /** Of its weights in memory. */
  bytes: number;
  /** Tokens. */
  contextLength: number;
  licence: string | undefined;
  hasChatTemplate: boolean;
  /** Where a form begins, and where above so many rows. */
  defaults: JobSettings;
  manyRows: { above: number; defaults: JobSettings };
}

/** The base models on this machine: the shipped one, and those that `openledger model pull` fetched. */
export class BaseModels {
  private readonly folder: string;
  private readonly known = new Map<string, BaseModel>();

  /** @param folder of pulled models; default the package's own. */
  constructor(folder = join(packageRoot(), ".data", "models")) {
    this.folder = folder;
  }

  /** Those that can be trained on. A folder that holds no model is left out. */
  async list(): Promise<BaseModel[]> {
    const found: BaseModel[] = [];
    for (const id of [SHIPPED, ...(await this.pulled())]) {
      const model = await this.describe(id).catch(() => undefined);
      if (model !== undefined) found.push(model);
    }
    return found;
  }

  /** What a base model is. @throws CodedError `BASE_UNKNOWN`. */
  async describe(id: string): Promise<BaseModel> {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const { config, parameters, weights, licence, chatTemplate } = await inspectModel(await this.pathOf(id));
    const model: BaseModel = {
      ...{ id, parameters, family: config.family, contextLength: config.contextLength },
      bytes: [...weights.values()].reduce((sum, size) => sum + size, 0),
      licence: id === SHIPPED ? SHIPPED_LICENCE : licence,
      hasChatTemplate: chatTemplate !== undefined,
      defaults: defaultSettings(parameters),
      manyRows: { above: FEW_ROWS, defaults: defaultSettings(parameters, FEW_ROWS + 1) },
    };
    this.known.set(id, model);
    return model;
  }

  /** Where its files are. @throws CodedError `BASE_UNKNOWN`: an id is looked up, never taken for a path. */
  async pathOf(id: string): Promise<string> {
    if (id === SHIPPED) return SHIPPED_FOLDER;
    if ((await this.pulled()).includes(id)) return join(this.folder, id);
    throw aiError("BASE_UNKNOWN", {
      message: `this node has no base model ${id}`,
      fix: "choose one of /api/bases; its operator fetches others with `openledger model pull`",
      facts: { base: id },
    });
  }

  /** Folders of one or two levels, as hubs name models. */
  private async pulled(): Promise<string[]> {
    const ids: string[] = [];
    for (const owner of await foldersIn(this.folder)) {
      const inner = await foldersIn(join(this.folder, owner));
      if (inner.length === 0) ids.push(owner);
      else ids.push(...inner.map((name) => `${owner}/${name}`));
    }
    return ids.sort().slice(0, MOST);
  }
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name);
}
